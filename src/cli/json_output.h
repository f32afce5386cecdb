// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace comar::cli {

class Output;

enum class JsonLayout {
    indented,  ///< for an answer as a whole
    one_line,  ///< for one of many that follow each other
};

/// Prints a JSON document that is harmless for a terminal, and a line end.
void print_json(Output& output, const nlohmann::ordered_json& document, JsonLayout layout);

}  // namespace comar::cli
