// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "cli/service_graph.h"

namespace comar::cli {

/// A string of the DOT language that Graphviz shows as it is: none of its escapes and entities
/// come out of foreign text.
[[nodiscard]] std::string dot_text(std::string_view text);

/// The graph for Graphviz: colors by state, line styles by kind, and a legend. An arrow points to
/// what must be there first.
[[nodiscard]] std::string graph_dot(const ServiceGraph& graph);

}  // namespace comar::cli
