// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "cli/service_graph.h"
#include "cli/terminal.h"

namespace comar::cli {

/// The graph for people: services that nobody depends on, below each what it requires, wants and
/// follows, and where that is written. What was shown once is not expanded again ("…"). Services
/// without relations come last. `marked` stands out.
[[nodiscard]] std::string graph_tree(const ServiceGraph& graph, const std::string& marked,
                                     const OutputStyle& style);

}  // namespace comar::cli
