// SPDX-License-Identifier: MIT
#include "core/plan.h"

#include <algorithm>
#include <map>

#include "core/name_list.h"
#include "core/start_choice.h"
#include "core/step_order.h"
#include "core/stop_choice.h"

namespace comar {
namespace {

using Link = DependencyGraph::Link;

/// Steps in any order, until they are put in theirs.
class Draft {
public:
    explicit Draft(const DependencyGraph& graph) : graph_(graph), places_(graph.names().size()) {}

    void add(NameId app, StepAction action, const std::optional<Link>& because) {
        places_[index(app)] = steps_.size();
        PlanStep step{graph_.names().text(app), action, "", std::nullopt, {}};
        if (because) {
            step.because_of = graph_.names().text(because->app);
            step.edge = *because->edge;
        }
        steps_.push_back(std::move(step));
        apps_.push_back(app);
        before_.emplace_back();
    }

    [[nodiscard]] bool has(NameId app, StepAction action) const {
        const auto place = places_[index(app)];
        return place && steps_[*place].action == action;
    }

    /// Both have steps.
    void order(NameId first, NameId then, Until until, const Dependency& edge) {
        auto& before = before_[*places_[index(then)]];
        const auto [found, is_new] =
            before.try_emplace(*places_[index(first)], Reason{until, &edge});
        if (!is_new && until == Until::succeeded) found->second = {until, &edge};
    }

    [[nodiscard]] const std::vector<NameId>& apps() const { return apps_; }

    void finish(Plan& plan) {
        StepOrder order = order_steps(predecessors());
        for (const auto& [step, before] : order.broken) {
            const auto found = before_[step].find(before);
            plan.ignored.push_back(*found->second.edge);
            before_[step].erase(found);
        }
        std::vector<std::size_t> place(steps_.size());
        for (std::size_t i = 0; i < place.size(); ++i) place[order.steps[i]] = i;
        for (const std::size_t step : order.steps) {
            for (const auto& [before, reason] : before_[step]) {
                steps_[step].after.push_back({place[before], reason.until});
            }
            plan.steps.push_back(std::move(steps_[step]));
        }
    }

private:
    struct Reason {
        Until until;
        const Dependency* edge;
    };

    [[nodiscard]] std::vector<std::vector<Predecessor>> predecessors() const {
        std::vector<std::vector<Predecessor>> all(steps_.size());
        for (std::size_t step = 0; step < all.size(); ++step) {
            for (const auto& [before, reason] : before_[step]) {
                all[step].push_back({before, reason.until});
            }
        }
        return all;
    }

    const DependencyGraph& graph_;
    std::vector<std::optional<std::size_t>> places_;  ///< by the number of the app
    std::vector<PlanStep> steps_;
    std::vector<NameId> apps_;
    std::vector<std::map<std::size_t, Reason>> before_;
};

/// Those that are to start last stop first. `strict`: what needs another one has to be down before
/// that one goes.
void order_stops(const DependencyGraph& graph, Draft& draft, bool strict) {
    for (const NameId app : draft.apps()) {
        for (const Link& earlier : graph.preceding(app)) {
            if (!draft.has(earlier.app, StepAction::stop)) continue;
            if (!draft.has(app, StepAction::stop)) continue;
            const bool needed = strict && earlier.edge->kind == DependencyKind::needs;
            draft.order(app, earlier.app, needed ? Until::succeeded : Until::over, *earlier.edge);
        }
    }
}

void order_starts(const DependencyGraph& graph, Draft& draft) {
    for (const NameId app : draft.apps()) {
        if (!draft.has(app, StepAction::start)) continue;
        for (const Link& earlier : graph.preceding(app)) {
            if (!draft.has(earlier.app, StepAction::start)) continue;
            const bool needed = earlier.edge->kind == DependencyKind::needs;
            draft.order(earlier.app, app, needed ? Until::succeeded : Until::over, *earlier.edge);
        }
        for (const Link& other : graph.conflicting(app)) {
            if (!draft.has(other.app, StepAction::stop)) continue;
            draft.order(other.app, app, Until::succeeded, *other.edge);
        }
    }
}

}  // namespace

Plan plan_start(const DependencyGraph& graph, const std::vector<std::string>& targets,
                const ServiceFacts& facts, StopManner manner) {
    Plan plan;
    StartChoice choice(graph, facts, manner);
    for (const std::string& target : targets) {
        const auto app = graph.app_of(target);
        auto can = app ? choice.choose(*app) : Failure(graph.resolve(target).error());
        if (!can) plan.refused.push_back({target, std::move(can.error())});
    }
    choice.choose_wanted();
    for (const auto& [app, error] : choice.left_out()) {
        plan.left_out.push_back({graph.names().text(app), error});
    }

    Draft draft(graph);
    StopChoice stops(graph, facts);
    for (const auto& [app, because] : choice.chosen()) {
        for (const Link& other : graph.conflicting(app)) {
            if (!choice.must_run(other.app)) stops.choose(other.app, Link{app, other.edge});
        }
    }
    stops.choose_dependents();
    for (const auto& [app, because] : stops.chosen()) draft.add(app, StepAction::stop, because);
    for (const auto& [app, because] : choice.chosen()) draft.add(app, StepAction::start, because);
    order_stops(graph, draft, true);
    order_starts(graph, draft);
    draft.finish(plan);
    return plan;
}

Result<Plan> plan_stop(const DependencyGraph& graph, const std::vector<std::string>& targets,
                       const ServiceFacts& facts, StopManner manner) {
    StopChoice choice(graph, facts);
    for (const std::string& target : targets) {
        const auto app = graph.app_of(target);
        if (!app) return Failure(graph.resolve(target).error());
        choice.choose(*app, std::nullopt);
    }
    const std::size_t asked_for = choice.chosen().size();
    choice.choose_dependents();
    if (manner == StopManner::alone && choice.chosen().size() > asked_for) {
        std::vector<std::string> names;
        for (std::size_t i = asked_for; i < choice.chosen().size(); ++i) {
            names.push_back(graph.names().text(choice.chosen()[i].app));
        }
        return failure(ErrorKind::invalid, "cannot stop " + name_list(targets) + ": needed by " +
                                               name_list(names) + ", which " +
                                               (names.size() == 1 ? "runs" : "run"));
    }
    Draft draft(graph);
    for (const auto& [app, because] : choice.chosen()) draft.add(app, StepAction::stop, because);
    order_stops(graph, draft, manner != StopManner::shutdown);
    Plan plan;
    draft.finish(plan);
    return plan;
}

std::string why_not_stopped(const std::string& app, const std::vector<std::string>& direct,
                            const std::vector<std::string>& all) {
    return "cannot stop " + app + ": " + name_list(direct) +
           (direct.size() == 1 ? " requires it" : " require it") +
           "; 'comar stop --with-dependents " + app + "' stops " + name_list(all) + ", too";
}

std::string describe_reason(const PlanStep& step) {
    if (!step.edge) return "";
    return describe(*step.edge, step.edge->from == step.app ? step.because_of : step.app);
}

}  // namespace comar
