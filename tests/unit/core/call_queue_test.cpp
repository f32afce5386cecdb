// SPDX-License-Identifier: MIT
#include "core/call_queue.h"

#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/print.h"

namespace comar {
namespace {

using testing::ElementsAre;

class CallQueueTest : public testing::Test {
protected:
    using User = std::optional<std::uint32_t>;

    Ticket push(CallQueue& queue, const std::string& caller, User user = {}) {
        const Ticket call = tickets_.next();
        const auto result = queue.push({caller, user}, call);
        EXPECT_TRUE(result) << result.error().message;
        return call;
    }

    std::vector<Ticket> push_many(CallQueue& queue, const std::string& caller, int calls) {
        std::vector<Ticket> pushed;
        for (int i = 0; i < calls; ++i) pushed.push_back(push(queue, caller));
        return pushed;
    }

    /// Runs one call after the other to its end, until none waits.
    static std::vector<Ticket> run_all(CallQueue& queue) {
        std::vector<Ticket> order;
        while (const auto call = queue.next()) {
            order.push_back(*call);
            queue.ended();
        }
        return order;
    }

    bool refused_as_busy(CallQueue& queue, const std::string& caller, User user = {}) {
        const auto result = queue.push({caller, user}, tickets_.next());
        return !result && result.error().kind == ErrorKind::busy;
    }

    TicketCounter tickets_;
};

TEST_F(CallQueueTest, AnEmptyQueueHasNothingToRun) {
    CallQueue queue({});
    EXPECT_EQ(queue.next(), std::nullopt);
    EXPECT_EQ(queue.running(), 0U);
    EXPECT_EQ(queue.waiting(), 0U);
}

TEST_F(CallQueueTest, NoMoreCallsRunAtOnceThanTheLimit) {
    CallQueue queue({.running = 2});
    const auto calls = push_many(queue, "a", 3);
    EXPECT_EQ(queue.next(), calls[0]);
    EXPECT_EQ(queue.next(), calls[1]);
    EXPECT_EQ(queue.next(), std::nullopt);
    EXPECT_EQ(queue.running(), 2U);
    EXPECT_EQ(queue.waiting(), 1U);
    queue.ended();
    EXPECT_EQ(queue.next(), calls[2]);
    EXPECT_EQ(queue.waiting(), 0U);
}

TEST_F(CallQueueTest, TheCallsOfOneCallerRunInOrder) {
    CallQueue queue({.running = 1});
    const auto calls = push_many(queue, "a", 50);
    EXPECT_EQ(run_all(queue), calls);
}

TEST_F(CallQueueTest, CallersTakeTurns) {
    CallQueue queue({.running = 1});
    const auto a = push_many(queue, "a", 3);
    const auto b = push_many(queue, "b", 2);
    const auto c = push_many(queue, "c", 1);
    EXPECT_THAT(run_all(queue), ElementsAre(a[0], b[0], c[0], a[1], b[1], a[2]));
}

TEST_F(CallQueueTest, ACallerWithAThousandCallsDelaysAnotherByOne) {
    CallQueue queue({.running = 1});
    const auto many = push_many(queue, "greedy", 1000);
    EXPECT_EQ(queue.next(), many[0]);
    const Ticket one = push(queue, "modest");
    queue.ended();
    EXPECT_EQ(queue.next(), many[1]);
    queue.ended();
    EXPECT_EQ(queue.next(), one);
}

TEST_F(CallQueueTest, ACallerThatComesBackAtOnceStandsBehindThoseThatWait) {
    CallQueue queue({.running = 1});
    push(queue, "a");
    const auto b = push_many(queue, "b", 2);
    queue.next();
    const Ticket again = push(queue, "a");
    queue.ended();
    EXPECT_THAT(run_all(queue), ElementsAre(b[0], again, b[1]));
}

TEST_F(CallQueueTest, ACallerAtItsOwnLimitIsBusyAndOthersAreNot) {
    CallQueue queue({.running = 1, .waiting_a_caller = 2});
    push_many(queue, "a", 2);
    EXPECT_TRUE(refused_as_busy(queue, "a"));
    EXPECT_EQ(queue.waiting(), 2U);
    push(queue, "b");
}

TEST_F(CallQueueTest, WhatRunsDoesNotCountAsWaiting) {
    CallQueue queue({.running = 1, .waiting_a_caller = 1});
    push(queue, "a");
    queue.next();
    push(queue, "a");
    EXPECT_TRUE(refused_as_busy(queue, "a"));
}

TEST_F(CallQueueTest, AtTheLimitOfAllCallersEveryoneIsBusy) {
    CallQueue queue({.running = 1, .waiting_a_caller = 2, .waiting = 3});
    push_many(queue, "a", 2);
    push(queue, "b");
    EXPECT_TRUE(refused_as_busy(queue, "b"));
    EXPECT_TRUE(refused_as_busy(queue, "c"));
    queue.next();
    push(queue, "c");
}

TEST_F(CallQueueTest, AUserWithManyConnectionsHasOneAccount) {
    CallQueue queue({.running = 1, .waiting_a_user = 2});
    push(queue, "a", 1000);
    const Ticket second = push(queue, "b", 1000);
    EXPECT_TRUE(refused_as_busy(queue, "c", 1000));
    push(queue, "d", 1001);
    push(queue, "e");
    EXPECT_TRUE(queue.withdraw(second));
    push(queue, "c", 1000);
    EXPECT_TRUE(refused_as_busy(queue, "b", 1000));
    EXPECT_TRUE(queue.next());
    push(queue, "b", 1000);
}

TEST_F(CallQueueTest, AllUsersTogetherLeaveRoomForRoot) {
    CallQueue queue({.running = 1, .waiting_users = 2, .waiting = 3});
    push(queue, "a", 1000);
    push(queue, "b", 1001);
    EXPECT_TRUE(refused_as_busy(queue, "c", 1002));
    push(queue, "d");
    EXPECT_TRUE(refused_as_busy(queue, "d"));
}

TEST_F(CallQueueTest, ARefusedCallerTakesNoTurn) {
    CallQueue queue({.running = 1, .waiting = 1});
    const Ticket only = push(queue, "a");
    EXPECT_TRUE(refused_as_busy(queue, "b"));
    EXPECT_THAT(run_all(queue), ElementsAre(only));
}

TEST_F(CallQueueTest, AWithdrawnCallDoesNotRun) {
    CallQueue queue({.running = 1});
    const auto a = push_many(queue, "a", 3);
    EXPECT_TRUE(queue.withdraw(a[1]));
    EXPECT_EQ(queue.waiting(), 2U);
    EXPECT_THAT(run_all(queue), ElementsAre(a[0], a[2]));
}

TEST_F(CallQueueTest, TheLastCallOfACallerThatIsWithdrawnTakesItsTurnAlong) {
    CallQueue queue({.running = 1});
    const Ticket a = push(queue, "a");
    const auto b = push_many(queue, "b", 2);
    EXPECT_TRUE(queue.withdraw(a));
    EXPECT_THAT(run_all(queue), ElementsAre(b[0], b[1]));
    EXPECT_EQ(queue.waiting(), 0U);
}

TEST_F(CallQueueTest, WhatRunsHasEndedOrNeverWasCannotBeWithdrawn) {
    CallQueue queue({.running = 1});
    const Ticket ended = push(queue, "a");
    queue.next();
    queue.ended();
    const Ticket runs = push(queue, "a");
    queue.next();
    for (const Ticket call : {ended, runs, tickets_.next()}) EXPECT_FALSE(queue.withdraw(call));
    EXPECT_EQ(queue.running(), 1U);
    EXPECT_EQ(queue.waiting(), 0U);
}

TEST_F(CallQueueTest, WithdrawingMakesRoomBelowTheLimits) {
    CallQueue queue({.running = 1, .waiting_a_caller = 1, .waiting = 1});
    const Ticket call = push(queue, "a");
    EXPECT_TRUE(refused_as_busy(queue, "a"));
    queue.withdraw(call);
    push(queue, "a");
}

TEST_F(CallQueueTest, ACallThatWaitsForAnotherGivesItsPlaceAway) {
    CallQueue queue({.running = 1});
    const auto calls = push_many(queue, "a", 2);
    queue.next();
    queue.blocked();
    EXPECT_EQ(queue.next(), calls[1]);
    EXPECT_EQ(queue.next(), std::nullopt);
}

TEST_F(CallQueueTest, ACallThatGoesOnMayExceedTheLimitForAMoment) {
    CallQueue queue({.running = 1});
    const auto calls = push_many(queue, "a", 3);
    queue.next();
    queue.blocked();
    queue.next();
    queue.resumed();
    EXPECT_EQ(queue.running(), 2U);
    EXPECT_EQ(queue.next(), std::nullopt);
    queue.ended();
    EXPECT_EQ(queue.next(), std::nullopt) << "one runs still";
    queue.ended();
    EXPECT_EQ(queue.next(), calls[2]);
}

TEST_F(CallQueueTest, WhenManyWaitForOthersNoNewOnesBegin) {
    CallQueue queue({.running = 2, .blocked = 1, .blocked_for_root = 2});
    const auto calls = push_many(queue, "a", 4);
    for (int i = 0; i < 2; ++i) {
        queue.next();
        queue.blocked();
    }
    EXPECT_EQ(queue.running(), 0U);
    EXPECT_EQ(queue.next(), std::nullopt);
    queue.ended_blocked();
    EXPECT_EQ(queue.next(), calls[2]);
    queue.blocked();
    EXPECT_EQ(queue.next(), std::nullopt);
    queue.resumed();
    EXPECT_EQ(queue.next(), calls[3]);
}

TEST_F(CallQueueTest, RootIsNotHeldUpByWhatUsersWaitFor) {
    CallQueue queue({.running = 2, .blocked = 1, .blocked_for_root = 2});
    const Ticket first = push(queue, "a", 1000);
    const Ticket second = push(queue, "a", 1000);
    const Ticket root = push(queue, "b");
    EXPECT_EQ(queue.next(), first);
    queue.blocked();
    EXPECT_EQ(queue.next(), root);
    EXPECT_EQ(queue.next(), std::nullopt);
    queue.ended_blocked();
    EXPECT_EQ(queue.next(), second);
}

TEST_F(CallQueueTest, WhatARunningCallWaitsForRunsAtOnceEvenAtTheLimit) {
    CallQueue queue({.running = 1});
    push_many(queue, "a", 2);
    queue.next();
    queue.admit();
    queue.blocked();
    EXPECT_EQ(queue.running(), 1U);
    EXPECT_EQ(queue.next(), std::nullopt);
    queue.ended();  // the nested one
    queue.resumed();
    EXPECT_EQ(queue.running(), 1U);
    queue.ended();
    EXPECT_EQ(queue.running(), 0U);
}

TEST_F(CallQueueTest, NestingAsDeepAsThereAreCallsNeverStops) {
    CallQueue queue({.running = 1});
    push(queue, "a");
    queue.next();
    for (int depth = 0; depth < 100; ++depth) {
        queue.blocked();
        queue.admit();
    }
    EXPECT_EQ(queue.running(), 1U);
    for (int depth = 0; depth < 100; ++depth) {
        queue.ended();
        queue.resumed();
    }
    queue.ended();
    EXPECT_EQ(queue.running(), 0U);
}

}  // namespace
}  // namespace comar
