// SPDX-License-Identifier: MIT
#include "core/schedule.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "core/plan.h"
#include "model/random_services.h"
#include "unit/core/known_services.h"

namespace comar {
namespace {

using namespace std::chrono_literals;
using test::History;
using Milliseconds = Schedule::Milliseconds;
using Steps = std::set<std::size_t>;

/// Runs a schedule on a clock of its own, and looks at it at every moment.
class Simulation {
public:
    Simulation(const std::vector<Schedule::Node>& nodes, std::size_t limit)
        : nodes_(nodes), limit_(limit), schedule_(nodes, limit) {}

    Steps failing;
    Steps hanging;
    std::map<std::size_t, Milliseconds> slow;  ///< take that much longer

    void go() {
        take();
        while (!ends_.empty()) {
            const auto next = ends_.begin();
            now_ = next->first;
            const std::size_t step = next->second;
            ends_.erase(next);
            finish(step);
            take();
        }
        EXPECT_EQ(schedule_.is_over(), hanging.empty());
        EXPECT_EQ(schedule_.left(), nodes_.size() - over_.size());
    }

    [[nodiscard]] const std::map<std::size_t, Milliseconds>& over() const { return over_; }
    [[nodiscard]] const Steps& skipped() const { return skipped_; }
    [[nodiscard]] std::size_t widest() const { return widest_; }

private:
    void take() {
        for (const std::size_t step : schedule_.take()) {
            EXPECT_TRUE(may_begin(step)) << nodes_[step].name;
            EXPECT_TRUE(begun_.insert(step).second) << nodes_[step].name;
            if (hanging.contains(step)) continue;
            const auto more = slow.find(step);
            ends_.emplace(now_ + nodes_[step].expected + (more == slow.end() ? 0ms : more->second),
                          step);
        }
        const std::size_t flying = schedule_.in_flight().size();
        widest_ = std::max(widest_, flying);
        EXPECT_LE(flying, limit_);
        if (flying == limit_) return;
        // As long as there is room, nobody who might begin is left standing.
        for (std::size_t step = 0; step < nodes_.size(); ++step) {
            if (begun_.contains(step) || over_.contains(step)) continue;
            EXPECT_FALSE(may_begin(step)) << nodes_[step].name;
        }
    }

    [[nodiscard]] bool may_begin(std::size_t step) const {
        return std::all_of(
            nodes_[step].after.begin(), nodes_[step].after.end(), [&](const Predecessor& before) {
                if (!over_.contains(before.step)) return false;
                return before.until == Until::over ||
                       !(failing.contains(before.step) || skipped_.contains(before.step));
            });
    }

    void finish(std::size_t step) {
        over_[step] = now_;
        for (const auto& [other, because_of] : schedule_.finished(step, !failing.contains(step))) {
            EXPECT_FALSE(begun_.contains(other)) << nodes_[other].name;
            EXPECT_TRUE(skipped_.insert(other).second) << "it is told once";
            over_[other] = now_;
            EXPECT_TRUE(over_.contains(because_of));
            const auto chain = schedule_.chain(other);
            EXPECT_EQ(chain.front(), nodes_[other].name);
            EXPECT_EQ(chain.back(), nodes_[step].name);
        }
    }

    const std::vector<Schedule::Node>& nodes_;
    std::size_t limit_;
    Schedule schedule_;
    Milliseconds now_{0};
    std::multimap<Milliseconds, std::size_t> ends_;
    Steps begun_;
    Steps skipped_;
    std::map<std::size_t, Milliseconds> over_;
    std::size_t widest_ = 0;
};

std::vector<Schedule::Node> nodes_of(const Plan& plan, History& history) {
    std::vector<Schedule::Node> nodes;
    for (const PlanStep& step : plan.steps) {
        nodes.push_back({step.app, step.after, Milliseconds{1 + history.below(200)}});
    }
    return nodes;
}

enum class Direction { boot, shutdown };

/// A boot of a thousand services, or the stop of all.
std::vector<Schedule::Node> thousand(History& history, Direction direction) {
    DependencyGraph graph;
    fill(graph, history, {1000, 1 + history.below(4), false, false});
    test::KnownServices facts;
    if (direction == Direction::boot) {
        return nodes_of(plan_start(graph, graph.apps(), facts), history);
    }
    for (const std::string& app : graph.apps()) facts.table[app] = Activity::up;
    const auto plan = plan_stop(graph, graph.apps(), facts, StopManner::with_dependents);
    EXPECT_TRUE(plan);
    return nodes_of(*plan, history);
}

/// The step and all that comes after it, however far; or only what needs it.
Steps dependents(const std::vector<Schedule::Node>& nodes, std::size_t step, bool only_strict) {
    Steps all{step};
    // One look is enough: predecessors have lower places.
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        for (const auto& [before, until] : nodes[i].after) {
            if (only_strict && until != Until::succeeded) continue;
            if (all.contains(before)) all.insert(i);
        }
    }
    return all;
}

class ScheduleModel : public testing::TestWithParam<Direction> {};

TEST_P(ScheduleModel, EverythingIsDoneInOrderAndNobodyWaitsWithoutNeed) {
    test::with_seeds(4, [](History& history) {
        const auto nodes = thousand(history, GetParam());
        ASSERT_EQ(nodes.size(), 1000U);
        Simulation run(nodes, 1 + history.below(16));
        run.go();
        EXPECT_EQ(run.over().size(), 1000U);
    });
}

TEST_P(ScheduleModel, AFailureCostsOnlyWhatNeedsIt) {
    test::with_seeds(4, [](History& history) {
        const auto nodes = thousand(history, GetParam());
        const std::size_t bad = history.below(nodes.size() / 4);
        Simulation run(nodes, 8);
        run.failing.insert(bad);
        run.go();
        EXPECT_EQ(run.over().size(), 1000U);
        auto expected = dependents(nodes, bad, true);
        expected.erase(bad);
        EXPECT_EQ(run.skipped(), expected);
    });
}

TEST_P(ScheduleModel, OneThatHangsHoldsUpOnlyWhatComesAfterIt) {
    test::with_seeds(4, [](History& history) {
        const auto nodes = thousand(history, GetParam());
        const std::size_t bad = history.below(nodes.size());
        Simulation run(nodes, 2);
        run.hanging.insert(bad);
        run.go();
        const auto held_up = dependents(nodes, bad, false);
        for (std::size_t step = 0; step < nodes.size(); ++step) {
            EXPECT_NE(run.over().contains(step), held_up.contains(step)) << nodes[step].name;
        }
    });
}

TEST_P(ScheduleModel, OneThatIsSlowDelaysOnlyWhatComesAfterIt) {
    test::with_seeds(4, [](History& history) {
        const auto nodes = thousand(history, GetParam());
        const std::size_t bad = history.below(nodes.size());
        Simulation usual(nodes, Schedule::no_limit);
        usual.go();
        Simulation run(nodes, Schedule::no_limit);
        run.slow[bad] = 5s;
        run.go();
        const auto delayed = dependents(nodes, bad, false);
        for (const auto& [step, when] : usual.over()) {
            if (delayed.contains(step)) {
                EXPECT_GE(run.over().at(step), when);
            } else {
                EXPECT_EQ(run.over().at(step), when) << nodes[step].name;
            }
        }
    });
}

INSTANTIATE_TEST_SUITE_P(BothWays, ScheduleModel,
                         testing::Values(Direction::boot, Direction::shutdown),
                         [](const auto& each) {
                             return each.param == Direction::boot ? "Boot" : "Shutdown";
                         });

/// Ten layers of fifty, each of which needs three of the layer below.
TEST(ScheduleWidthModel, AsManyRunAtOnceAsTheGraphOrTheLimitAllows) {
    test::with_seeds(4, [](History& history) {
        DependencyGraph graph;
        for (std::size_t i = 0; i < 500; ++i) {
            std::vector<Dependency> edges;
            for (int j = 0; j < 3 && i >= 50; ++j) {
                const std::size_t below = i - i % 50 - 50 + history.below(50);
                edges.push_back({"", test::service(below), DependencyKind::needs, "", 0, ""});
            }
            graph.set(test::service(i), edges);
        }
        auto nodes = nodes_of(plan_start(graph, graph.apps(), test::KnownServices{}), history);
        for (auto& node : nodes) node.expected = 10ms;
        for (const std::size_t limit : {1UL, 7UL, 50UL, 1000UL}) {
            Simulation run(nodes, limit);
            run.go();
            EXPECT_GE(run.widest(), std::min<std::size_t>(limit, 50));
        }
    });
}

}  // namespace
}  // namespace comar
