// SPDX-License-Identifier: MIT
#include "core/stop_choice.h"

namespace comar {

void StopChoice::choose(NameId app, std::optional<DependencyGraph::Link> because) {
    if (is_chosen_[index(app)]) return;
    if (facts_.activity(graph_.names().text(app)) == Activity::down) return;
    is_chosen_[index(app)] = true;
    chosen_.push_back({app, because});
}

void StopChoice::choose_dependents() {
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
        const NameId needed = chosen_[i].app;
        for (const auto& link : graph_.needing(needed)) {
            choose(link.app, DependencyGraph::Link{needed, link.edge});
        }
    }
}

}  // namespace comar
