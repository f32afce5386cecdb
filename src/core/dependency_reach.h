// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <vector>

#include "core/dependency_graph.h"

namespace comar {

/// All apps that are reached from some by links of one sort, nearest first, and on which way.
/// Holds, like the links themselves, until the graph is changed.
class DependencyReach {
public:
    DependencyReach(const DependencyGraph& graph, DependencyGraph::Follow follow,
                    const std::vector<NameId>& from);

    /// Those that it began with are reached too.
    [[nodiscard]] bool contains(NameId app) const { return reached_[index(app)].has_value(); }
    [[nodiscard]] const std::vector<NameId>& apps() const { return apps_; }

    struct Hop {
        NameId from;
        DependencyGraph::Link link;
    };
    /// A shortest way to an app that is reached; empty for one that it began with.
    [[nodiscard]] std::vector<Hop> way(NameId to) const;
    /// Where that way begins.
    [[nodiscard]] NameId beginning(NameId to) const;

private:
    std::vector<NameId> apps_;
    std::vector<std::optional<Hop>> reached_;  ///< edge is nullptr for those that it began with
};

}  // namespace comar
