// SPDX-License-Identifier: MIT
#include "core/dependency_circles.h"

#include <cstdint>

#include "core/dependency_reach.h"
#include "core/strong_components.h"

namespace comar {
namespace {

StartOrder order_of(const DependencyGraph& graph, const DependencyReach::Hop& hop) {
    const auto& names = graph.names();
    return {names.text(hop.from), names.text(hop.link.app), *hop.link.edge};
}

Circle shortest_circle(const DependencyGraph& graph, NameId app) {
    const DependencyReach before(graph, &DependencyGraph::preceding, {app});
    // Nearest first, so the first one that leads back closes a shortest circle.
    for (const NameId last : before.apps()) {
        for (const auto& link : graph.preceding(last)) {
            if (link.app != app) continue;
            Circle circle;
            for (const auto& hop : before.way(last)) circle.push_back(order_of(graph, hop));
            circle.push_back(order_of(graph, {last, link}));
            return circle;
        }
    }
    return {};
}

}  // namespace

Circle circle_through(const DependencyGraph& graph, std::string_view app) {
    const auto id = graph.names().find(app);
    return id && graph.names().is_app(*id) ? shortest_circle(graph, *id) : Circle{};
}

std::vector<Circle> all_circles(const DependencyGraph& graph) {
    Successors earlier(graph.names().size());
    std::vector<bool> after_itself(earlier.size());
    for (const NameId app : graph.app_ids()) {
        for (const auto& link : graph.preceding(app)) {
            earlier[index(app)].push_back(index(link.app));
            if (link.app == app) after_itself[index(app)] = true;
        }
    }
    std::vector<Circle> circles;
    for (const auto& component : strong_components(earlier)) {
        const std::size_t first = component.front();
        if (component.size() == 1 && !after_itself[first]) continue;
        circles.push_back(shortest_circle(graph, NameId{static_cast<std::uint32_t>(first)}));
    }
    return circles;
}

std::string describe(const Circle& circle) {
    std::string text;
    for (const auto& [later, earlier, edge] : circle) {
        if (!text.empty()) text += ", ";
        text += describe(edge, edge.kind == DependencyKind::before ? later : earlier);
    }
    return text;
}

}  // namespace comar
