// SPDX-License-Identifier: MIT
#include "core/schedule.h"

#include <gtest/gtest.h>

namespace comar {
namespace {

using namespace std::chrono_literals;
using Steps = std::vector<std::size_t>;
using Names = std::vector<std::string>;

constexpr Predecessor must(std::size_t step) { return {step, Until::succeeded}; }
constexpr Predecessor may(std::size_t step) { return {step, Until::over}; }

TEST(ScheduleTest, AnEmptyOneIsOver) {
    Schedule schedule({}, 4);
    EXPECT_TRUE(schedule.is_over());
    EXPECT_EQ(schedule.take(), Steps{});
}

TEST(ScheduleTest, WhatDependsOnNothingBeginsAtOnceUpToTheLimit) {
    Schedule schedule({{"a", {}}, {"b", {}}, {"c", {}}}, 2);
    EXPECT_EQ(schedule.take(), (Steps{0, 1}));
    EXPECT_EQ(schedule.take(), Steps{});
    EXPECT_EQ(schedule.in_flight(), (Steps{0, 1}));
    EXPECT_EQ(schedule.left(), 3U);
    (void)schedule.finished(1, true);
    EXPECT_EQ(schedule.take(), Steps{2});
    EXPECT_EQ(schedule.left(), 2U);
}

TEST(ScheduleTest, AStepWaitsForAllItsPredecessors) {
    Schedule schedule({{"a", {}}, {"b", {}}, {"c", {must(0), may(1)}}}, 8);
    EXPECT_EQ(schedule.take(), (Steps{0, 1}));
    (void)schedule.finished(0, true);
    EXPECT_EQ(schedule.take(), Steps{});
    (void)schedule.finished(1, true);
    EXPECT_EQ(schedule.take(), Steps{2});
    (void)schedule.finished(2, true);
    EXPECT_TRUE(schedule.is_over());
}

TEST(ScheduleTest, TheLongestWayToTheEndGoesFirst) {
    Schedule schedule(
        {{"alone", {}, 50ms}, {"first", {}, 10ms}, {"second", {must(1)}, 60ms}, {"also", {}, 50ms}},
        1);
    EXPECT_EQ(schedule.longest_way(), 70ms);
    EXPECT_EQ(schedule.take(), Steps{1});
    (void)schedule.finished(1, true);
    EXPECT_EQ(schedule.take(), Steps{2});
    (void)schedule.finished(2, true);
    EXPECT_EQ(schedule.take(), Steps{0}) << "as long as \"also\", and given first";
}

TEST(ScheduleTest, WithoutDurationsTheLongerChainGoesFirst) {
    Schedule schedule({{"alone", {}}, {"first", {}}, {"second", {must(1)}}}, 1);
    EXPECT_EQ(schedule.take(), Steps{1});
}

TEST(ScheduleTest, AFailureEndsWhatNeedsItAndTellsTheChain) {
    Schedule schedule(
        {{"disk", {}}, {"db", {must(0)}}, {"web", {must(1)}}, {"login", {may(2)}}, {"other", {}}},
        8);
    EXPECT_EQ(schedule.take(), (Steps{0, 4}));
    const auto skipped = schedule.finished(0, false);
    ASSERT_EQ(skipped.size(), 2U);
    EXPECT_EQ(skipped[0].step, 1U);
    EXPECT_EQ(skipped[0].because_of, 0U);
    EXPECT_EQ(skipped[1].step, 2U);
    EXPECT_EQ(skipped[1].because_of, 1U);
    EXPECT_EQ(schedule.chain(2), (Names{"web", "db", "disk"}));
    EXPECT_EQ(schedule.take(), Steps{3}) << "it waited only for the end of web";
    EXPECT_EQ(schedule.left(), 2U);
}

TEST(ScheduleTest, WhoseNeedHasFailedDoesNotWaitForTheRest) {
    Schedule schedule({{"slow", {}}, {"bad", {}}, {"both", {must(0), must(1)}}}, 8);
    (void)schedule.take();
    EXPECT_EQ(schedule.finished(1, false).size(), 1U);
    EXPECT_TRUE(schedule.finished(0, false).empty()) << "it is told once";
    EXPECT_EQ(schedule.chain(2), (Names{"both", "bad"}));
    EXPECT_TRUE(schedule.is_over());
}

TEST(ScheduleTest, WhatSomebodyElseHasDoneIsNotTaken) {
    Schedule schedule({{"a", {}}, {"b", {must(0)}}, {"c", {must(1)}}}, 1);
    EXPECT_TRUE(schedule.finished(1, true).empty());
    EXPECT_EQ(schedule.take(), (Steps{0}));
    EXPECT_EQ(schedule.left(), 2U);
    (void)schedule.finished(0, false);
    EXPECT_EQ(schedule.take(), Steps{2}) << "b had succeeded, whatever became of a";
    EXPECT_TRUE(schedule.finished(1, false).empty()) << "it is over already";
}

TEST(ScheduleTest, AReadyStepThatSomebodyElseHasDoneIsNotTakenEither) {
    Schedule schedule({{"a", {}}, {"b", {}}}, 8);
    (void)schedule.finished(0, true);
    EXPECT_EQ(schedule.take(), Steps{1});
    EXPECT_EQ(schedule.in_flight(), Steps{1});
}

TEST(ScheduleTest, OneThatHangsAndIsSetAsideLeavesItsPlace) {
    Schedule schedule({{"hangs", {}}, {"a", {}}, {"b", {}}}, 1);
    EXPECT_EQ(schedule.take(), Steps{0});
    EXPECT_EQ(schedule.take(), Steps{});
    schedule.set_aside(0);
    schedule.set_aside(0);
    schedule.set_aside(2);
    EXPECT_EQ(schedule.take(), Steps{1});
    EXPECT_EQ(schedule.take(), Steps{});
    EXPECT_EQ(schedule.in_flight(), (Steps{0, 1}));
    (void)schedule.finished(0, true);
    EXPECT_EQ(schedule.take(), Steps{}) << "its place was taken by another";
    (void)schedule.finished(1, true);
    EXPECT_EQ(schedule.take(), Steps{2});
}

TEST(ScheduleTest, ALimitOfNothingIsALimitOfOne) {
    Schedule schedule({{"a", {}}, {"b", {}}}, 0);
    EXPECT_EQ(schedule.take(), Steps{0});
}

}  // namespace
}  // namespace comar
