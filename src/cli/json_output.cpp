// SPDX-License-Identifier: MIT
#include "cli/json_output.h"

#include <nlohmann/json.hpp>

#include "cli/output.h"
#include "cli/text.h"

namespace comar::cli {

void print_json(Output& output, const nlohmann::ordered_json& document, JsonLayout layout) {
    using Json = nlohmann::ordered_json;
    const int indent = layout == JsonLayout::indented ? 2 : -1;
    output.print(escape_json(document.dump(indent, ' ', false, Json::error_handler_t::replace)) +
                 "\n");
}

}  // namespace comar::cli
