// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/dependency_graph.h"

namespace comar {

/// Statements that cannot all be kept.
struct Contradiction {
    /// "web needs db (/etc/web.py:3), but db conflicts with web (/etc/db.py:5)"
    std::string text;
    std::vector<Dependency> edges;
};

/// Those in which the app has a part: it needs or conflicts with itself, is to start before and
/// after the same one, or needs, wants or stands between what conflicts. Circles are not among
/// them, but for the shortest ones (see dependency_circles.h).
[[nodiscard]] std::vector<Contradiction> contradictions(const DependencyGraph& graph,
                                                        std::string_view app);

}  // namespace comar
