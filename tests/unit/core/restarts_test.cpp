// SPDX-License-Identifier: MIT
#include "core/restarts.h"

#include <gtest/gtest.h>

namespace comar {
namespace {

using namespace std::chrono_literals;

constexpr double no_jitter = 0.5;

class RestartsTest : public testing::Test {
protected:
    Restarts::Decision fail(std::chrono::milliseconds ran = 0ms, double random = no_jitter) {
        now_ += ran;
        return restarts_.decide(settings_, {false, now_, ran}, random);
    }

    Restarts::Decision unwell() { return restarts_.once_more(settings_, now_, no_jitter); }

    RestartSettings settings_{RestartPolicy::on_failure, 0ms, 60s, 10s, std::nullopt};
    Restarts restarts_;
    Restarts::TimePoint now_{};
};

TEST_F(RestartsTest, TheFirstOneComesAtOnceAndTheOthersEachTwiceAsLate) {
    for (const auto expected : {0ms, 100ms, 200ms, 400ms, 800ms}) {
        EXPECT_EQ(fail().delay, expected);
    }
}

TEST_F(RestartsTest, ADelayIsTheFirstStep) {
    settings_.delay = 3s;
    EXPECT_EQ(fail().delay, 3000ms);
    EXPECT_EQ(fail().delay, 6000ms);
    EXPECT_EQ(fail().delay, 12'000ms);
}

TEST_F(RestartsTest, AThousandFailuresDoNotPassTheCap) {
    for (int i = 0; i < 1000; ++i) EXPECT_LE(fail(0ms, 1.0).delay.value(), 60s);
    EXPECT_EQ(fail(0ms, 1.0).delay, 60'000ms);
}

TEST_F(RestartsTest, AHealthyRunBeginsAnewOneMillisecondLessDoesNot) {
    settings_.limit = {2, 1h};
    (void)fail();
    (void)fail();
    EXPECT_FALSE(fail(9999ms).delay);
    EXPECT_EQ(fail(10s).delay, 0ms);
}

TEST_F(RestartsTest, TheLimitIsTheNumberOfRestartsAndTheReasonSaysIt) {
    settings_.limit = {3, 60s};
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(fail().delay);
    const auto refused = fail();
    EXPECT_FALSE(refused.delay);
    EXPECT_EQ(refused.refusal, "it was started again 3 times within 60 s");
}

TEST_F(RestartsTest, RestartsOfWhatStillRunsCountForTheLimitToo) {
    settings_.policy = RestartPolicy::no;
    settings_.limit = {2, 60s};
    EXPECT_TRUE(unwell().delay);
    EXPECT_TRUE(unwell().delay);
    EXPECT_EQ(unwell().refusal, "it was started again 2 times within 60 s");
    EXPECT_EQ(restarts_.count(), 2U);
    now_ += 60s;
    EXPECT_TRUE(unwell().delay);
}

TEST_F(RestartsTest, WhatIsNeverWellIsRestartedLaterAndLaterUntilItWasWellForLongEnough) {
    settings_.policy = RestartPolicy::no;
    EXPECT_EQ(unwell().delay, 0ms);
    EXPECT_EQ(unwell().delay, 100ms);
    EXPECT_EQ(unwell().delay, 200ms);
    restarts_.recovered();
    EXPECT_EQ(unwell().delay, 0ms);
    EXPECT_EQ(restarts_.count(), 4U);
}

TEST_F(RestartsTest, WhatIsOutsideTheWindowDoesNotCount) {
    settings_.limit = {1, 5s};
    EXPECT_TRUE(fail().delay);
    now_ += 4999ms;
    EXPECT_FALSE(fail().delay);
    now_ += 1ms;
    EXPECT_TRUE(fail().delay);
}

TEST_F(RestartsTest, ALimitOfNoneNeverRestarts) {
    settings_.limit = {0, 60s};
    EXPECT_FALSE(fail().delay);
    EXPECT_FALSE(fail(1h).delay);
}

TEST_F(RestartsTest, AWindowThatIsNoWholeSecondIsToldAsItIs) {
    settings_.limit = {1, 1500ms};
    (void)fail();
    EXPECT_EQ(fail().refusal, "it was started again 1 time within 1500 ms");
}

TEST_F(RestartsTest, WhatAnotherOneHasCountedGoesOn) {
    settings_.limit = {3, 1h};
    (void)fail();
    (void)fail(5s);
    Restarts other;
    other.restore(restarts_.memory(now_), now_);
    restarts_ = other;
    EXPECT_EQ(fail().delay, 200ms);
    EXPECT_EQ(restarts_.count(), 3U);
    EXPECT_FALSE(fail().delay);
    now_ += 1h - 5s;
    EXPECT_TRUE(fail().delay) << "the first one is out of the window";
}

TEST_F(RestartsTest, OfManyTheNewestAreRemembered) {
    settings_.limit = {1000, 1h};
    for (int i = 0; i < 500; ++i) (void)fail(1s);
    const auto memory = restarts_.memory(now_);
    ASSERT_EQ(memory.recent.size(), Restarts::most_recent);
    EXPECT_EQ(memory.recent.back(), 0ms);
    EXPECT_EQ(memory.recent.front(), 99s);
    EXPECT_EQ(memory.count, 500U);
}

}  // namespace
}  // namespace comar
