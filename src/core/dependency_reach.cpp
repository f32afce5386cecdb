// SPDX-License-Identifier: MIT
#include "core/dependency_reach.h"

#include <algorithm>

namespace comar {

DependencyReach::DependencyReach(const DependencyGraph& graph, DependencyGraph::Follow follow,
                                 const std::vector<NameId>& from)
    : reached_(graph.names().size()) {
    const auto reach = [&](const Hop& hop) {
        auto& slot = reached_[index(hop.link.app)];
        if (slot) return;
        slot = hop;
        apps_.push_back(hop.link.app);
    };
    for (const NameId app : from) reach({app, {app, nullptr}});
    for (std::size_t next = 0; next < apps_.size(); ++next) {
        const NameId here = apps_[next];
        for (const auto& link : (graph.*follow)(here)) reach({here, link});
    }
}

std::vector<DependencyReach::Hop> DependencyReach::way(NameId to) const {
    std::vector<Hop> hops;
    for (Hop hop = *reached_[index(to)]; hop.link.edge; hop = *reached_[index(hop.from)]) {
        hops.push_back(hop);
    }
    std::reverse(hops.begin(), hops.end());
    return hops;
}

NameId DependencyReach::beginning(NameId to) const {
    const auto hops = way(to);
    return hops.empty() ? to : hops.front().from;
}

}  // namespace comar
