// SPDX-License-Identifier: MIT
#include "loop/loop.h"

#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace comar {
namespace {

class LoopTest : public testing::Test {
protected:
    Loop loop_ = std::move(Loop::create()).value();
};

TEST_F(LoopTest, RunReturnsTheCodeOfQuit) {
    loop_.defer([&] { loop_.quit(7); });
    EXPECT_EQ(loop_.run().value(), 7);
}

TEST_F(LoopTest, RunsAgainAfterQuit) {
    loop_.defer([&] { loop_.quit(1); });
    EXPECT_EQ(loop_.run().value(), 1);
    loop_.defer([&] { loop_.quit(2); });
    EXPECT_EQ(loop_.run().value(), 2);
}

TEST_F(LoopTest, QuitBeforeRunHasNoEffect) {
    loop_.quit(9);
    loop_.defer([&] { loop_.quit(0); });
    EXPECT_EQ(loop_.run().value(), 0);
}

TEST_F(LoopTest, DeferredCallsKeepTheirOrderAndNewOnesWaitForTheNextIteration) {
    std::string order;
    loop_.defer([&] {
        order += "a";
        loop_.defer([&] {
            order += "c";
            loop_.quit(0);
        });
    });
    loop_.defer([&] { order += "b"; });
    EXPECT_EQ(order, "");
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(order, "abc");
}

TEST_F(LoopTest, DeferredCallsThatWereNotRunAreDestroyedWithTheLoop) {
    auto witness = std::make_shared<int>(0);
    {
        auto loop = Loop::create();
        ASSERT_TRUE(loop);
        loop->defer([witness] {});
        EXPECT_EQ(witness.use_count(), 2);
    }
    EXPECT_EQ(witness.use_count(), 1);
}

TEST_F(LoopTest, WhatACallBackThrowsIsTheErrorOfRun) {
    loop_.defer([] { throw std::runtime_error("no more ink"); });
    const auto result = loop_.run();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message, "cannot go on: no more ink");
    loop_.defer([&] { loop_.quit(0); });
    EXPECT_TRUE(loop_.run()) << "the error is told once";
}

TEST_F(LoopTest, SignalsArriveAsCallBacks) {
    int seen = 0;
    ASSERT_TRUE(loop_.on_signal(SIGUSR1, [&] {
        ++seen;
        loop_.quit(0);
    }));
    ::kill(::getpid(), SIGUSR1);
    EXPECT_EQ(seen, 0);
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(seen, 1);
}

TEST_F(LoopTest, ASecondCallBackForASignalReplacesTheFirstEvenInsideIt) {
    std::string order;
    ASSERT_TRUE(loop_.on_signal(SIGUSR2, [&] {
        order += "first";
        const auto replaced = loop_.on_signal(SIGUSR2, [&] {
            order += " second";
            loop_.quit(0);
        });
        EXPECT_TRUE(replaced);
        ::kill(::getpid(), SIGUSR2);
    }));
    ::kill(::getpid(), SIGUSR2);
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(order, "first second");
}

TEST_F(LoopTest, ASignalThatCannotBeWatchedIsAnError) {
    const auto result = loop_.on_signal(9999, [] {});
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().message.starts_with("cannot "));
}

TEST_F(LoopTest, MayBeMovedBeforeItRuns) {
    int ran = 0;
    loop_.defer([&] { ++ran; });
    Loop moved = std::move(loop_);
    moved.defer([&] { moved.quit(3); });
    EXPECT_EQ(moved.run().value(), 3);
    EXPECT_EQ(ran, 1);
}

}  // namespace
}  // namespace comar
