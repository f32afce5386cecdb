// SPDX-License-Identifier: MIT
#include "loop/timer.h"

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "loop/loop.h"

namespace comar {
namespace {

using std::chrono::milliseconds;

class TimerTest : public testing::Test {
protected:
    Loop loop_ = std::move(Loop::create()).value();
};

TEST_F(TimerTest, NeverFiresBeforeItsMoment) {
    const auto at = loop_.now() + milliseconds(5) + std::chrono::nanoseconds(1);
    TimePoint fired;
    Timer timer(loop_, [&] {
        fired = loop_.now();
        loop_.quit(0);
    });
    timer.arm(at);
    EXPECT_TRUE(timer.armed());
    ASSERT_TRUE(loop_.run());
    EXPECT_GE(fired, at);
    EXPECT_FALSE(timer.armed());
}

TEST_F(TimerTest, FiresOnceAndMayBeArmedInsideItsCallBack) {
    std::vector<int> fired;
    std::optional<Timer> timer;
    timer.emplace(loop_, [&] {
        fired.push_back(1);
        if (fired.size() < 3)
            timer->arm(milliseconds(1));
        else
            loop_.quit(0);
    });
    timer->arm(milliseconds(0));
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(fired.size(), 3U);
}

TEST_F(TimerTest, APassedMomentFiresInTheNextIteration) {
    Timer timer(loop_, [&] { loop_.quit(4); });
    timer.arm(TimePoint());
    EXPECT_EQ(loop_.run().value(), 4);
}

TEST_F(TimerTest, DisarmedItDoesNotFire) {
    Timer silent(loop_, [&] { loop_.quit(1); });
    Timer end(loop_, [&] { loop_.quit(0); });
    silent.arm(milliseconds(1));
    end.arm(milliseconds(3));
    silent.disarm();
    EXPECT_FALSE(silent.armed());
    EXPECT_EQ(loop_.run().value(), 0);
}

TEST_F(TimerTest, ALaterMomentReplacesAnEarlierOne) {
    Timer moved(loop_, [&] { loop_.quit(1); });
    Timer end(loop_, [&] { loop_.quit(0); });
    moved.arm(milliseconds(1));
    moved.arm(std::chrono::hours(1));
    end.arm(milliseconds(3));
    EXPECT_EQ(loop_.run().value(), 0);
}

TEST_F(TimerTest, TheLongestTimeIsNoOverflow) {
    Timer never(loop_, [&] { loop_.quit(1); });
    Timer end(loop_, [&] { loop_.quit(0); });
    never.arm(std::chrono::nanoseconds::max());
    end.arm(milliseconds(1));
    EXPECT_EQ(loop_.run().value(), 0);
    EXPECT_TRUE(never.armed());
}

TEST_F(TimerTest, MayBeDestroyedInsideItsCallBack) {
    auto witness = std::make_shared<int>(0);
    std::optional<Timer> timer;
    timer.emplace(loop_, [&, witness] {
        timer.reset();
        ++*witness;  // the call-back itself must still be there
        loop_.defer([&] { loop_.quit(0); });
    });
    timer->arm(milliseconds(0));
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(*witness, 1);
    EXPECT_EQ(witness.use_count(), 1);
}

TEST_F(TimerTest, MovingKeepsItArmed) {
    Timer first(loop_, [&] { loop_.quit(5); });
    first.arm(milliseconds(1));
    Timer second = std::move(first);
    EXPECT_EQ(loop_.run().value(), 5);
}

}  // namespace
}  // namespace comar
