// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <vector>

#include "core/dependency_graph.h"
#include "core/service_facts.h"

namespace comar {

/// Which services a stop takes along: those that run and need what stops.
class StopChoice {
public:
    /// Both outlive the choice, and the graph does not change.
    StopChoice(const DependencyGraph& graph, const ServiceFacts& facts)
        : graph_(graph), facts_(facts), is_chosen_(graph.names().size()) {}

    /// Nothing happens where there is nothing to stop. `because`: whose start or stop takes it
    /// along, and why; nothing where it was asked for itself.
    void choose(NameId app, std::optional<DependencyGraph::Link> because);

    /// Then what needs the chosen ones, what needs that, and so on.
    void choose_dependents();

    struct Chosen {
        NameId app;
        std::optional<DependencyGraph::Link> because;
    };
    [[nodiscard]] const std::vector<Chosen>& chosen() const { return chosen_; }

private:
    const DependencyGraph& graph_;
    const ServiceFacts& facts_;
    std::vector<bool> is_chosen_;
    std::vector<Chosen> chosen_;
};

}  // namespace comar
