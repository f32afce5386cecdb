// SPDX-License-Identifier: MIT
#include "core/wait_graph.h"

#include <algorithm>
#include <set>

namespace comar {

void WaitGraph::add(Ticket node, std::string label) {
    nodes_.insert_or_assign(node, Node{std::move(label), {}});
}

void WaitGraph::remove(Ticket node) {
    nodes_.erase(node);
    for (auto& [ticket, other] : nodes_) {
        std::erase_if(other.waits, [&](const Edge& edge) { return edge.awaited == node; });
    }
}

Result<> WaitGraph::wait(Ticket waiter, Ticket awaited, WaitFor what) {
    const auto found = nodes_.find(waiter);
    if (found == nodes_.end() || !nodes_.contains(awaited)) return {};
    if (auto may = may_wait(waiter, awaited); !may) return may;
    found->second.waits.push_back({awaited, what});
    return {};
}

Result<> WaitGraph::may_wait(Ticket waiter, Ticket awaited) const {
    auto circle = path(awaited, waiter, Follow::all);
    if (circle.empty()) return {};
    circle.insert(circle.begin(), waiter);
    return failure(ErrorKind::invalid, "cannot wait in a circle: " + describe(circle));
}

void WaitGraph::hand_over(Ticket from, Ticket to) {
    for (auto& [ticket, node] : nodes_) {
        std::replace(node.waits.begin(), node.waits.end(), Edge{from, WaitFor::answer},
                     Edge{to, WaitFor::answer});
    }
}

void WaitGraph::stop_waiting_for_answers(Ticket waiter) {
    const auto found = nodes_.find(waiter);
    if (found == nodes_.end()) return;
    std::erase_if(found->second.waits,
                  [](const Edge& edge) { return edge.what == WaitFor::answer; });
}

void WaitGraph::stop_waiting(Ticket waiter, Ticket awaited, WaitFor what) {
    const auto found = nodes_.find(waiter);
    if (found == nodes_.end()) return;
    auto& waits = found->second.waits;
    const auto over = std::find(waits.begin(), waits.end(), Edge{awaited, what});
    if (over != waits.end()) waits.erase(over);
}

bool WaitGraph::waits(Ticket waiter) const {
    const auto found = nodes_.find(waiter);
    return found != nodes_.end() && !found->second.waits.empty();
}

/// The nodes from `from` to `to`, both included; empty when there is no way. Depth first with an
/// explicit stack: chains may be longer than a thread's stack likes.
std::vector<Ticket> WaitGraph::path(Ticket from, Ticket to, Follow which) const {
    std::map<Ticket, Ticket> came_from;
    std::set<Ticket> seen{from};
    std::vector<Ticket> open{from};
    while (!open.empty()) {
        const Ticket here = open.back();
        open.pop_back();
        if (here == to) {
            std::vector<Ticket> way{to};
            while (way.back() != from) way.push_back(came_from.at(way.back()));
            std::reverse(way.begin(), way.end());
            return way;
        }
        const auto node = nodes_.find(here);
        if (node == nodes_.end()) continue;
        for (const auto& [next, what] : node->second.waits) {
            if (which == Follow::answers && what != WaitFor::answer) continue;
            if (!seen.insert(next).second) continue;
            came_from.emplace(next, here);
            open.push_back(next);
        }
    }
    return {};
}

/// A job and the call that carries it out have one label; it is said once.
std::string WaitGraph::describe(const std::vector<Ticket>& circle) const {
    std::vector<std::string_view> labels;
    for (const Ticket ticket : circle) {
        const auto node = nodes_.find(ticket);
        if (node == nodes_.end()) continue;
        if (labels.empty() || labels.back() != node->second.label) {
            labels.push_back(node->second.label);
        }
    }
    if (labels.size() == 1) labels.push_back(labels.front());
    std::string text;
    for (const std::string_view label : labels) {
        if (!text.empty()) text += " -> ";
        text += label;
    }
    return text;
}

}  // namespace comar
