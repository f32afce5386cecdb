// SPDX-License-Identifier: MIT
#include "core/start_choice.h"

#include <algorithm>

namespace comar {

using Link = DependencyGraph::Link;

StartChoice::StartChoice(const DependencyGraph& graph, const ServiceFacts& facts, StopManner manner)
    : graph_(graph), facts_(facts), manner_(manner), candidates_(graph.names().size()) {}

Result<> StartChoice::choose(NameId app) {
    if (must_run(app)) return {};
    if (at(app).mark == Mark::refused) return Failure(refusal(app));
    path_.clear();
    visited_.clear();
    auto obstacle = visit(app);
    if (!obstacle) obstacle = walk();
    if (obstacle) return Failure(refuse(std::move(*obstacle)));
    take_all();
    return {};
}

void StartChoice::choose_wanted() {
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
        const NameId who = chosen_[i].app;
        for (const Link& want : graph_.wanted_by(who)) {
            Candidate& wanted = at(want.app);
            // Whoever is refused was told so when it was asked for, or the first time it was
            // wanted.
            if (wanted.mark != Mark::none) continue;
            wanted.because = Link{who, want.edge};
            if (auto can = choose(want.app); !can) {
                left_out_.push_back({want.app, std::move(can.error())});
            }
        }
    }
}

/// Depth first through all that is needed, with an explicit stack: chains may be long.
std::optional<StartChoice::Obstacle> StartChoice::walk() {
    while (!path_.empty()) {
        Visit& here = path_.back();
        if (here.next == here.needs.size()) {
            at(here.app).mark = Mark::looked_at;
            path_.pop_back();
            continue;
        }
        const Link need = here.needs[here.next++];
        if (here.is_up && facts_.activity(graph_.names().text(need.app)) == Activity::down) {
            continue;
        }
        if (auto obstacle = follow(here.app, need)) return obstacle;
    }
    return std::nullopt;
}

std::optional<StartChoice::Obstacle> StartChoice::follow(NameId from, const Link& need) {
    Candidate& needed = at(need.app);
    switch (needed.mark) {
        case Mark::none:
            needed.because = Link{from, need.edge};
            return visit(need.app);
        case Mark::open:
            // One that is up got there in spite of the circle.
            if (path_.back().is_up) return std::nullopt;
            return Obstacle{circle_to(need.app, need), false};
        case Mark::refused:
            at(from).refused_by = need;
            return Obstacle{"", false};
        case Mark::looked_at:
        case Mark::taken:
            break;
    }
    return std::nullopt;
}

/// Adds it to the path, unless something is in its way already.
std::optional<StartChoice::Obstacle> StartChoice::visit(NameId app) {
    const bool is_up = facts_.activity(graph_.names().text(app)) == Activity::up;
    path_.push_back({app, is_up, graph_.needed_by(app), 0});
    visited_.push_back(app);
    if (auto conflict = conflict_of(app, is_up)) return conflict;
    at(app).mark = Mark::open;
    if (is_up) return std::nullopt;
    if (auto conflict = unstoppable_conflict_of(app)) return conflict;
    if (const Dependency* unmet = graph_.unmet_need(app)) {
        return Obstacle{describe(*unmet) + ": " + graph_.resolve(unmet->to).error().message, false};
    }
    return std::nullopt;
}

/// Two that run already have come to terms with each other.
std::optional<StartChoice::Obstacle> StartChoice::conflict_of(NameId app, bool is_up) const {
    const auto& names = graph_.names();
    for (const Link& link : graph_.conflicting(app)) {
        const Mark other = at(link.app).mark;
        if (link.app == app) return Obstacle{describe(*link.edge), false};
        if (other == Mark::none || other == Mark::refused) continue;
        if (is_up && facts_.activity(names.text(link.app)) == Activity::up) continue;
        const bool says_it = link.edge->from == names.text(app);
        std::string text = describe(*link.edge, names.text(says_it ? link.app : app));
        return Obstacle{text + ", and " + names.text(link.app) + " is to run",
                        other != Mark::taken};
    }
    return std::nullopt;
}

/// They are stopped in this order, so one that comes earlier needs nobody any more.
std::optional<StartChoice::Obstacle> StartChoice::unstoppable_conflict_of(NameId app) const {
    if (manner_ != StopManner::alone) return std::nullopt;
    const auto& names = graph_.names();
    std::vector<std::string> stopped;
    for (const Link& link : graph_.conflicting(app)) {
        const std::string& other = names.text(link.app);
        if (facts_.activity(other) == Activity::down) continue;
        auto needing = up_and_needing(link.app, DependencyGraph::Depth::direct);
        std::erase_if(needing, [&stopped](const std::string& one) {
            return std::ranges::find(stopped, one) != stopped.end();
        });
        stopped.push_back(other);
        if (needing.empty()) continue;
        const bool says_it = link.edge->from == names.text(app);
        const auto all = up_and_needing(link.app, DependencyGraph::Depth::transitive);
        return Obstacle{describe(*link.edge, says_it ? other : names.text(app)) + ", and " + other +
                            " does not stop: " + why_not_stopped(other, needing, all),
                        false};
    }
    return std::nullopt;
}

std::vector<std::string> StartChoice::up_and_needing(NameId app,
                                                     DependencyGraph::Depth depth) const {
    auto needing = graph_.dependents(graph_.names().text(app), depth);
    std::erase_if(
        needing, [this](const std::string& one) { return facts_.activity(one) == Activity::down; });
    return needing;
}

std::string StartChoice::circle_to(NameId app, const Link& closing) const {
    const auto& names = graph_.names();
    const auto begin = std::find_if(path_.begin(), path_.end(),
                                    [&](const Visit& visit) { return visit.app == app; });
    std::string text = "that is a circle: ";
    for (auto member = begin + 1; member < path_.end(); ++member) {
        text += describe(*at(member->app).because->edge, names.text(member->app)) + ", ";
    }
    return text + describe(*closing.edge, names.text(app));
}

void StartChoice::take_all() {
    for (const NameId app : visited_) {
        at(app).mark = Mark::taken;
        if (facts_.activity(graph_.names().text(app)) == Activity::up) continue;
        chosen_.push_back({app, at(app).because});
    }
}

/// All on the path need each other, each the next one, so none of them can start. The others that
/// were looked at might.
Error StartChoice::refuse(Obstacle obstacle) {
    for (const NameId app : visited_) at(app).mark = Mark::none;
    const NameId asked_for = path_.front().app;
    std::string way;
    for (std::size_t i = 0; i < path_.size(); ++i) {
        Candidate& candidate = at(path_[i].app);
        candidate.mark = obstacle.only_here ? Mark::none : Mark::refused;
        if (i + 1 < path_.size()) {
            const NameId next = path_[i + 1].app;
            candidate.refused_by = {next, at(next).because->edge};
            way += describe(*at(next).because->edge, graph_.names().text(next)) + ", ";
        } else {
            candidate.obstacle = obstacle.text;
        }
    }
    if (obstacle.only_here) {
        at(asked_for) = {Mark::refused, at(asked_for).because, {}, way + obstacle.text};
    }
    return refusal(asked_for);
}

Error StartChoice::refusal(NameId app) const {
    std::string text = "cannot start " + graph_.names().text(app) + ": ";
    const Candidate* candidate = &at(app);
    while (candidate->obstacle.empty()) {
        const Link& need = candidate->refused_by;
        text += describe(*need.edge, graph_.names().text(need.app)) + ", ";
        candidate = &at(need.app);
    }
    return {ErrorKind::invalid, text + candidate->obstacle};
}

}  // namespace comar
