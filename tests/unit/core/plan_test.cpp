// SPDX-License-Identifier: MIT
#include "core/plan.h"

#include <gtest/gtest.h>

#include "unit/core/dependencies.h"
#include "unit/core/known_services.h"

namespace comar {
namespace {

using Names = std::vector<std::string>;
using test::after;
using test::before;
using test::conflicts;
using test::needs;
using test::wants;

/// "start web (after db!, cache)": an exclamation mark where db must succeed.
Names told(const Plan& plan) {
    Names lines;
    for (const PlanStep& step : plan.steps) {
        std::string line = (step.action == StepAction::start ? "start " : "stop ") + step.app;
        for (const auto& [before, until] : step.after) {
            line += &step.after.front().step == &before ? " (after " : ", ";
            line += plan.steps[before].app + (until == Until::succeeded ? "!" : "");
        }
        lines.push_back(line + (step.after.empty() ? "" : ")"));
    }
    return lines;
}

class PlanTest : public testing::Test {
protected:
    void SetUp() override {
        graph_.set("web", {needs("db", "/web.py", 3), wants("cache")});
        graph_.set("db", {needs("disk")});
        graph_.set("cache", {});
        graph_.set("disk", {});
    }

    void now(Activity activity, const Names& apps) {
        for (const std::string& app : apps) facts_.table[app] = activity;
    }
    void all_run() {
        for (const std::string& app : graph_.apps()) facts_.table[app] = Activity::up;
    }
    Plan start(const Names& targets) { return plan_start(graph_, targets, facts_); }
    Plan stop(const Names& targets, StopManner manner = StopManner::with_dependents) {
        auto plan = plan_stop(graph_, targets, facts_, manner);
        EXPECT_TRUE(plan) << plan.error().message;
        return plan.value_or(Plan{});
    }
    /// Why the only target cannot start.
    std::string refusal(const std::string& target) {
        const Plan plan = start({target});
        if (plan.refused.empty()) return "(was not refused)";
        EXPECT_TRUE(plan.steps.empty());
        return plan.refused.front().error.message;
    }

    DependencyGraph graph_;
    test::KnownServices facts_;
};

TEST_F(PlanTest, AStartTakesAlongWhatIsNeededAndWanted) {
    EXPECT_EQ(told(start({"web"})), (Names{"start disk", "start db (after disk!)", "start cache",
                                           "start web (after db!, cache)"}));
}

TEST_F(PlanTest, EachStepTellsWhoTakesItAlong) {
    const Plan plan = start({"web"});
    EXPECT_EQ(plan.steps[1].because_of, "web");
    EXPECT_EQ(describe_reason(plan.steps[1]), "web needs db (/web.py:3)");
    EXPECT_EQ(plan.steps[3].because_of, "");
    EXPECT_EQ(describe_reason(plan.steps[3]), "");
}

TEST_F(PlanTest, WhatRunsGetsNoStepNorDoesWhatOnlyThatNeeds) {
    now(Activity::up, {"db"});
    EXPECT_EQ(told(start({"web"})), (Names{"start cache", "start web (after cache)"}));
    now(Activity::up, {"web"});
    EXPECT_EQ(told(start({"web"})), Names{});
}

TEST_F(PlanTest, WhatStartsJustNowIsWaitedFor) {
    now(Activity::up, {"cache", "disk"});
    now(Activity::changing, {"db"});
    EXPECT_EQ(told(start({"web"})), (Names{"start db", "start web (after db!)"}));
}

TEST_F(PlanTest, AfterAndBeforeTakeNobodyAlongAndOrderThoseThatAreThere) {
    graph_.set("a", {after("b"), before("c"), after("elsewhere")});
    for (const char* app : {"b", "c", "elsewhere"}) graph_.set(app, {});
    EXPECT_EQ(told(start({"a"})), Names{"start a"});
    EXPECT_EQ(told(start({"c", "a", "b"})),
              (Names{"start b", "start a (after b)", "start c (after a)"}));
}

TEST_F(PlanTest, ANeedIsStrictHoweverElseItIsSaid) {
    graph_.set("a", {after("b"), needs("b"), wants("b")});
    graph_.set("b", {before("a")});
    EXPECT_EQ(told(start({"a"})), (Names{"start b", "start a (after b!)"}));
}

TEST_F(PlanTest, WhatConflictsStopsFirstAndBeforeThatWhatNeedsIt) {
    graph_.set("nginx", {conflicts("apache", "/nginx.py", 9)});
    graph_.set("apache", {});
    graph_.set("wiki", {needs("apache", "/wiki.py", 2)});
    graph_.set("stopped", {needs("apache")});
    now(Activity::up, {"apache", "wiki"});
    const Plan plan = start({"nginx"});
    EXPECT_EQ(told(plan),
              (Names{"stop wiki", "stop apache (after wiki!)", "start nginx (after apache!)"}));
    EXPECT_EQ(describe_reason(plan.steps[0]), "wiki needs apache (/wiki.py:2)");
    EXPECT_EQ(describe_reason(plan.steps[1]), "nginx conflicts with apache (/nginx.py:9)");
    EXPECT_EQ(plan.steps[1].because_of, "nginx");
}

TEST_F(PlanTest, WhoMayStopNobodyThatOthersNeedIsRefusedForThat) {
    graph_.set("other", {conflicts("db")});
    graph_.set("both", {conflicts("web"), conflicts("db")});
    graph_.set("above", {needs("other")});
    all_run();
    now(Activity::down, {"other", "both", "above"});
    const auto alone = [this](const std::string& target) {
        return plan_start(graph_, {target}, facts_, StopManner::alone);
    };
    const Plan other = alone("other");
    EXPECT_TRUE(other.steps.empty());
    ASSERT_EQ(other.refused.size(), 1U);
    EXPECT_NE(other.refused.front().error.message.find(
                  "db does not stop: cannot stop db: web requires it; 'comar stop "
                  "--with-dependents db' stops web, too"),
              std::string::npos)
        << other.refused.front().error.message;
    EXPECT_TRUE(alone("above").steps.empty());
    EXPECT_EQ(told(alone("both")),
              (Names{"stop web", "stop db (after web!)", "start both (after web!, db!)"}));
    now(Activity::down, {"web"});
    EXPECT_EQ(told(alone("other")), (Names{"stop db", "start other (after db!)"}));
}

TEST_F(PlanTest, OfTwoTargetsThatConflictTheFirstOneStarts) {
    graph_.set("exim", {}, {"mta"});
    graph_.set("postfix", {conflicts("mta", "/postfix.py", 1)}, {"mta"});
    const Plan plan = start({"exim", "postfix", "disk"});
    EXPECT_EQ(told(plan), (Names{"start exim", "start disk"}));
    ASSERT_EQ(plan.refused.size(), 1U);
    EXPECT_EQ(plan.refused[0].app, "postfix");
    EXPECT_EQ(
        plan.refused[0].error.message,
        "cannot start postfix: postfix conflicts with mta, which is exim (/postfix.py:1), and "
        "exim is to run");
}

TEST_F(PlanTest, WhatATargetNeedsAndRunsIsNotStopped) {
    graph_.set("other", {conflicts("disk")});
    now(Activity::up, {"disk", "db"});
    const Plan plan = start({"web", "other"});
    EXPECT_EQ(told(plan), (Names{"start cache", "start web (after cache)"}));
    EXPECT_EQ(plan.refused.size(), 1U);
}

TEST_F(PlanTest, ATargetThatNeedsWhatConflictsCannotStartAndTheOthersCan) {
    graph_.set("top", {needs("left"), needs("right")});
    graph_.set("left", {conflicts("right")});
    graph_.set("right", {});
    EXPECT_EQ(refusal("top"),
              "cannot start top: top needs right, left conflicts with right, and "
              "left is to run");
    EXPECT_EQ(told(start({"top", "left"})), Names{"start left"});
}

TEST_F(PlanTest, ANeedThatNobodyMeetsIsToldWithTheWayToIt) {
    graph_.set("disk", {needs("raid", "/disk.py", 8)});
    EXPECT_EQ(refusal("web"),
              "cannot start web: web needs db (/web.py:3), db needs disk, disk needs raid "
              "(/disk.py:8): cannot find raid: no service has or provides it");
    EXPECT_EQ(refusal("nobody"), "cannot find nobody: no service has or provides it");
    const Plan plan = start({"web", "db", "cache"});
    EXPECT_EQ(told(plan), Names{"start cache"});
    ASSERT_EQ(plan.refused.size(), 2U);
    EXPECT_EQ(plan.refused[1].error.message,
              "cannot start db: db needs disk, disk needs raid (/disk.py:8): cannot find raid: no "
              "service has or provides it");
}

TEST_F(PlanTest, NothingStartsForTheSakeOfWhatCannotStart) {
    graph_.set("a", {needs("cache"), needs("nobody"), wants("disk")});
    EXPECT_EQ(told(start({"a"})), Names{});
}

TEST_F(PlanTest, WhatIsOnlyWantedIsDoneWithout) {
    graph_.set("cache", {needs("nobody")});
    const Plan plan = start({"web"});
    EXPECT_EQ(told(plan), (Names{"start disk", "start db (after disk!)", "start web (after db!)"}));
    EXPECT_TRUE(plan.refused.empty());
    ASSERT_EQ(plan.left_out.size(), 1U);
    EXPECT_EQ(plan.left_out[0].app, "cache");
}

TEST_F(PlanTest, ACircleOfNeedsCannotStartAndIsTold) {
    graph_.set("a", {needs("b", "/a.py", 1)});
    graph_.set("b", {needs("c", "/b.py", 2)});
    graph_.set("c", {needs("b", "/c.py", 3)});
    EXPECT_EQ(refusal("a"),
              "cannot start a: a needs b (/a.py:1), b needs c (/b.py:2), that is a "
              "circle: b needs c (/b.py:2), c needs b (/c.py:3)");
}

TEST_F(PlanTest, ACircleThatOrderMakesIsBrokenWhereNothingIsNeeded) {
    graph_.set("a", {needs("b")});
    graph_.set("b", {after("a", "/b.py", 2)});
    const Plan plan = start({"a"});
    EXPECT_EQ(told(plan), (Names{"start b", "start a (after b!)"}));
    ASSERT_EQ(plan.ignored.size(), 1U);
    EXPECT_EQ(describe(plan.ignored[0]), "b is to start after a (/b.py:2)");
}

TEST_F(PlanTest, StopsAreStartsBackwards) {
    all_run();
    EXPECT_EQ(told(stop({"disk", "cache"})),
              (Names{"stop web", "stop db (after web!)", "stop disk (after db!)",
                     "stop cache (after web)"}));
}

TEST_F(PlanTest, AStopAloneIsRefusedWithTheNamesOfAllWhoNeedIt) {
    all_run();
    const auto disk = plan_stop(graph_, {"disk"}, facts_, StopManner::alone);
    ASSERT_FALSE(disk);
    EXPECT_EQ(disk.error().message, "cannot stop disk: needed by db and web, which run");
    const auto db = plan_stop(graph_, {"db"}, facts_, StopManner::alone);
    ASSERT_FALSE(db);
    EXPECT_EQ(db.error().message, "cannot stop db: needed by web, which runs");
}

TEST_F(PlanTest, AStopAloneIsFineWhereAllWhoNeedItAreDownOrStopToo) {
    all_run();
    EXPECT_EQ(told(stop({"db", "web"}, StopManner::alone)),
              (Names{"stop web", "stop db (after web!)"}));
    EXPECT_EQ(told(stop({"cache"}, StopManner::alone)), Names{"stop cache"});
    now(Activity::down, {"web"});
    EXPECT_EQ(told(stop({"db"}, StopManner::alone)), Names{"stop db"});
}

TEST_F(PlanTest, AStopTellsWhoIsTakenAlongAndWhy) {
    all_run();
    const Plan plan = stop({"db"});
    EXPECT_EQ(plan.steps[0].because_of, "db");
    EXPECT_EQ(describe_reason(plan.steps[0]), "web needs db (/web.py:3)");
    EXPECT_EQ(plan.steps[1].because_of, "");
}

TEST_F(PlanTest, AtShutdownNobodyGoesOnForSomebodyElsesFailure) {
    all_run();
    EXPECT_EQ(told(stop(graph_.apps(), StopManner::shutdown)),
              (Names{"stop web", "stop db (after web)", "stop cache (after web)",
                     "stop disk (after db)"}));
}

TEST_F(PlanTest, WhatDoesNotRunNeedsNoStop) {
    EXPECT_EQ(told(stop({"db"})), Names{});
    now(Activity::changing, {"db"});
    EXPECT_EQ(told(stop({"db"})), Names{"stop db"});
}

TEST_F(PlanTest, StoppingAnUnknownOneIsAnError) {
    const auto plan = plan_stop(graph_, {"web", "nobody"}, facts_, StopManner::alone);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().kind, ErrorKind::not_found);
}

TEST_F(PlanTest, WhatIsInACircleIsStoppedAllTheSame) {
    graph_.set("a", {needs("b")});
    graph_.set("b", {needs("a")});
    now(Activity::up, {"a", "b"});
    EXPECT_EQ(stop({"a"}).steps.size(), 2U);
    EXPECT_EQ(stop({"a"}).ignored.size(), 1U);
}

TEST_F(PlanTest, AVeryLongChainDoesNotExhaustTheStack) {
    constexpr int length = 50'000;
    for (int i = 0; i + 1 < length; ++i) {
        graph_.set("s" + std::to_string(i), {needs("s" + std::to_string(i + 1))});
    }
    EXPECT_EQ(start({"s0"}).refused.size(), 1U);
    graph_.set("s" + std::to_string(length - 1), {});
    EXPECT_EQ(start({"s0"}).steps.size(), 50'000U);
    all_run();
    EXPECT_EQ(stop({"s49999"}).steps.size(), 50'000U);
}

}  // namespace
}  // namespace comar
