// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/dependency_graph.h"

namespace comar {

/// `later` is to start after `earlier`, and why.
struct StartOrder {
    std::string later;
    std::string earlier;
    Dependency edge;
};

/// Each one's `earlier` is the next one's `later`, and that of the last one is the first one's.
using Circle = std::vector<StartOrder>;

/// A shortest circle that the app is in; empty: it is in none. Of one edge where it is to start
/// after itself.
[[nodiscard]] Circle circle_through(const DependencyGraph& graph, std::string_view app);

/// One circle of each knot of services in which everyone is to start after everyone else: none at
/// all means that all services can start.
[[nodiscard]] std::vector<Circle> all_circles(const DependencyGraph& graph);

/// "a needs b (/path/a.py:12), b is to start after c (/path/b.py:3), c needs a (/path/c.py:7)"
[[nodiscard]] std::string describe(const Circle& circle);

}  // namespace comar
