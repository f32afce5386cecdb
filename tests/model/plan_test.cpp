// SPDX-License-Identifier: MIT
#include "core/plan.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "model/random_services.h"
#include "unit/core/known_services.h"

namespace comar {
namespace {

using test::History;
using Names = std::set<std::string>;
using enum DependencyKind;

/// A world of services, and what is obviously right about it, slowly.
class World {
public:
    World(History& history, const test::RandomServices& wanted) {
        fill(graph, history, wanted);
        for (const std::string& app : graph.apps()) {
            if (history.one_in(3)) facts.table[app] = Activity::up;
            if (history.one_in(9)) facts.table[app] = Activity::changing;
            for (const Dependency& edge : graph.edges(app)) {
                if (graph.resolve(edge.to)) edges.push_back(edge);
            }
        }
    }

    [[nodiscard]] std::vector<std::string> targets(History& history, std::size_t count) const {
        std::vector<std::string> some;
        while (some.size() < count) some.push_back(history.pick(graph.apps()));
        return some;
    }

    [[nodiscard]] bool is(Activity activity, const std::string& app) const {
        return facts.activity(app) == activity;
    }

    /// All places of a plan by name; each service has one step at most.
    static std::map<std::string, std::size_t> places(const Plan& plan, StepAction action) {
        std::map<std::string, std::size_t> all;
        for (std::size_t i = 0; i < plan.steps.size(); ++i) {
            if (plan.steps[i].action != action) continue;
            EXPECT_TRUE(all.emplace(plan.steps[i].app, i).second) << plan.steps[i].app;
        }
        return all;
    }

    /// Each order that is said of two with a step stands in the plan, and nothing else does.
    void expect_order(const Plan& plan, StepAction action, bool strict) const {
        const auto place = places(plan, action);
        std::map<std::pair<std::size_t, std::size_t>, Until> expected;
        for (const Dependency& edge : edges) {
            if (edge.kind == conflicts || edge.from == edge.to) continue;
            const auto one = place.find(edge.from);
            const auto other = place.find(edge.to);
            if (one == place.end() || other == place.end()) continue;
            const bool first_is_target = (edge.kind == before) == (action == StepAction::stop);
            const auto key = first_is_target ? std::pair(one->second, other->second)
                                             : std::pair(other->second, one->second);
            auto& until = expected.try_emplace(key, Until::over).first->second;
            if (strict && edge.kind == needs) until = Until::succeeded;
        }
        std::map<std::pair<std::size_t, std::size_t>, Until> found;
        for (const auto& [app, step] : place) {
            for (const auto& [before, until] : plan.steps[step].after) {
                EXPECT_LT(before, step);
                if (plan.steps[before].action == action) found[{step, before}] = until;
            }
        }
        if (plan.ignored.empty()) {
            EXPECT_EQ(found, expected);
        }
    }

    void expect_reasons(const Plan& plan, const std::vector<std::string>& targets) const {
        for (const PlanStep& step : plan.steps) {
            if (!step.edge) {
                EXPECT_NE(std::find(targets.begin(), targets.end(), step.app), targets.end());
                continue;
            }
            EXPECT_NE(std::find(edges.begin(), edges.end(), *step.edge), edges.end());
            EXPECT_TRUE(step.edge->from == step.app || step.edge->to == step.app);
            EXPECT_TRUE(step.edge->from == step.because_of || step.edge->to == step.because_of);
        }
    }

    DependencyGraph graph;
    test::KnownServices facts;
    std::vector<Dependency> edges;
};

/// `names` with all that is reached from them by edges that lead on, again and again.
Names grown(
    Names names, const std::vector<Dependency>& edges,
    const std::function<std::optional<std::string>(const Dependency&, const Names&)>& more) {
    for (bool grew = true; grew;) {
        grew = false;
        for (const Dependency& edge : edges) {
            const auto next = more(edge, names);
            if (next && names.insert(*next).second) grew = true;
        }
    }
    return names;
}

void expect_a_sound_start(const World& world, const Plan& plan,
                          const std::vector<std::string>& targets) {
    const auto starts = World::places(plan, StepAction::start);
    const auto stops = World::places(plan, StepAction::stop);
    const auto runs = [&](const std::string& app) {
        return starts.contains(app) || (world.is(Activity::up, app) && !stops.contains(app));
    };
    for (const auto& [app, step] : starts) {
        EXPECT_FALSE(stops.contains(app)) << app;
        EXPECT_FALSE(world.is(Activity::up, app)) << app;
    }
    for (const auto& [app, step] : stops) EXPECT_FALSE(world.is(Activity::down, app)) << app;
    for (const std::string& target : targets) {
        const bool refused = std::any_of(plan.refused.begin(), plan.refused.end(),
                                         [&](const auto& each) { return each.app == target; });
        EXPECT_NE(runs(target), refused && !runs(target)) << target;
    }
    for (const Dependency& edge : world.edges) {
        if (edge.kind == needs && starts.contains(edge.from)) {
            EXPECT_TRUE(runs(edge.to)) << describe(edge);
        }
        if (edge.kind == needs && stops.contains(edge.to)) {
            EXPECT_TRUE(stops.contains(edge.from) || world.is(Activity::down, edge.from));
        }
        if (edge.kind != conflicts) continue;
        if (!starts.contains(edge.from) && !starts.contains(edge.to)) continue;
        EXPECT_FALSE(runs(edge.from) && runs(edge.to)) << describe(edge);
        for (const auto& [one, other] : {std::pair(edge.from, edge.to), {edge.to, edge.from}}) {
            if (!starts.contains(one) || !stops.contains(other)) continue;
            const auto& first = plan.steps[starts.at(one)].after;
            const Predecessor stop{stops.at(other), Until::succeeded};
            EXPECT_NE(std::find(first.begin(), first.end(), stop), first.end()) << describe(edge);
        }
    }
}

TEST(PlanModel, AStartIsSoundWhateverTheServicesSay) {
    test::with_seeds(400, [](History& history) {
        const World world(
            history, {2 + history.below(20), 1 + history.below(4), history.coin(), history.coin()});
        const auto targets = world.targets(history, 1 + history.below(4));
        const Plan plan = plan_start(world.graph, targets, world.facts);
        expect_a_sound_start(world, plan, targets);
        world.expect_order(plan, StepAction::start, true);
        world.expect_order(plan, StepAction::stop, true);
        world.expect_reasons(plan, targets);
    });
}

TEST(PlanModel, AStartOfAThousandTakesAlongExactlyWhatIsNeededAndWanted) {
    test::with_seeds(5, [](History& history) {
        const World world(history, {1000, 10, false, false});
        const auto targets = world.targets(history, 1 + history.below(30));
        const Plan plan = plan_start(world.graph, targets, world.facts);
        EXPECT_TRUE(plan.refused.empty());
        EXPECT_TRUE(plan.ignored.empty());
        Names expected(targets.begin(), targets.end());
        expected = grown(expected, world.edges, [&](const Dependency& edge, const Names& names) {
            const bool from_up = world.is(Activity::up, edge.from);
            const bool pulls = from_up ? edge.kind == needs && !world.is(Activity::down, edge.to)
                                       : edge.kind == needs || edge.kind == wants;
            return pulls && names.contains(edge.from) ? std::optional(edge.to) : std::nullopt;
        });
        std::erase_if(expected,
                      [&](const std::string& app) { return world.is(Activity::up, app); });
        Names found;
        for (const PlanStep& step : plan.steps) found.insert(step.app);
        EXPECT_EQ(found, expected);
        world.expect_order(plan, StepAction::start, true);
        world.expect_reasons(plan, targets);
    });
}

TEST(PlanModel, AStopTakesAlongExactlyWhatRunsAndNeedsIt) {
    test::with_seeds(200, [](History& history) {
        const World world(
            history, {2 + history.below(60), 1 + history.below(6), history.coin(), history.coin()});
        const auto targets = world.targets(history, 1 + history.below(3));
        const auto runs = [&](const std::string& app) { return !world.is(Activity::down, app); };
        Names expected(targets.begin(), targets.end());
        std::erase_if(expected, [&](const std::string& app) { return !runs(app); });
        const std::size_t asked_for = expected.size();
        expected = grown(expected, world.edges, [&](const Dependency& edge, const Names& names) {
            return edge.kind == needs && names.contains(edge.to) && runs(edge.from)
                       ? std::optional(edge.from)
                       : std::nullopt;
        });
        const auto alone = plan_stop(world.graph, targets, world.facts, StopManner::alone);
        EXPECT_EQ(alone.has_value(), expected.size() == asked_for);
        for (const auto manner : {StopManner::with_dependents, StopManner::shutdown}) {
            const auto plan = plan_stop(world.graph, targets, world.facts, manner);
            ASSERT_TRUE(plan);
            Names found;
            for (const PlanStep& step : plan->steps) found.insert(step.app);
            EXPECT_EQ(found, expected);
            world.expect_order(*plan, StepAction::stop, manner != StopManner::shutdown);
            world.expect_reasons(*plan, targets);
        }
    });
}

}  // namespace
}  // namespace comar
