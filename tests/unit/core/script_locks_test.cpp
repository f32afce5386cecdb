// SPDX-License-Identifier: MIT
#include "core/script_locks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/call_chains.h"
#include "support/print.h"

namespace comar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Answer = ScriptLocks::Answer;

class ScriptLocksTest : public testing::Test {
protected:
    Ticket call(const std::string& label) { return calls_.begin(label); }
    Ticket nested(Ticket caller, const std::string& label) {
        return calls_.begin_nested(caller, label);
    }

    Answer lock(const std::string& script, Ticket by) {
        const auto answer = locks_.lock(script, by);
        EXPECT_TRUE(answer) << answer.error().message;
        return answer.value_or(Answer::waiting);
    }

    /// What a lock that could never be had is refused with.
    std::string refusal(const std::string& script, Ticket by) {
        const auto answer = locks_.lock(script, by);
        return answer ? "(was not refused)" : answer.error().message;
    }

    void expect_granted(const std::string& script, Ticket by) {
        EXPECT_EQ(lock(script, by), Answer::granted) << script;
    }
    void expect_waiting(const std::string& script, Ticket by) {
        EXPECT_EQ(lock(script, by), Answer::waiting) << script;
    }

    /// As comard does when a call is over.
    std::vector<Ticket> end(Ticket ended) {
        auto granted = locks_.forget(ended);
        calls_.end(ended);
        return granted;
    }

    bool waits(Ticket which) { return calls_.waits().waits(which); }

    test::CallChains calls_;
    ScriptLocks locks_{calls_.waits(), [this](Ticket which, Ticket ancestor) {
                           return calls_.waits().reaches(ancestor, which);
                       }};
};

// One at a time

TEST_F(ScriptLocksTest, AFreeLockIsGrantedAtOnce) { expect_granted("a", call("a.start")); }

TEST_F(ScriptLocksTest, ASecondCallWaitsUntilTheFirstUnlocks) {
    const Ticket first = call("a.start");
    const Ticket second = call("a.stop");
    expect_granted("a", first);
    expect_waiting("a", second);
    EXPECT_TRUE(waits(second));
    EXPECT_THAT(locks_.unlock("a", first), ElementsAre(second));
    EXPECT_FALSE(waits(second));
}

TEST_F(ScriptLocksTest, LocksOfDifferentScriptsDoNotMeet) {
    expect_granted("a", call("a.start"));
    expect_granted("b", call("b.start"));
}

TEST_F(ScriptLocksTest, ALockThatWasGivenBackIsFreeForAnyone) {
    const Ticket first = call("a.start");
    expect_granted("a", first);
    EXPECT_THAT(locks_.unlock("a", first), IsEmpty());
    expect_granted("a", call("a.stop"));
}

TEST_F(ScriptLocksTest, WaitersAreServedInTheOrderInWhichTheyAsked) {
    const Ticket holder = call("a.start");
    const Ticket one = call("a.one");
    const Ticket two = call("a.two");
    const Ticket three = call("a.three");
    expect_granted("a", holder);
    for (const Ticket waiter : {two, one, three}) expect_waiting("a", waiter);
    EXPECT_THAT(locks_.unlock("a", holder), ElementsAre(two));
    EXPECT_THAT(locks_.unlock("a", two), ElementsAre(one));
    EXPECT_THAT(locks_.unlock("a", one), ElementsAre(three));
    EXPECT_THAT(locks_.unlock("a", three), IsEmpty());
}

TEST_F(ScriptLocksTest, ANewcomerDoesNotOvertakeWhoeverWaits) {
    const Ticket holder = call("a.start");
    const Ticket waiter = call("a.stop");
    const Ticket newcomer = call("a.reload");
    expect_granted("a", holder);
    expect_waiting("a", waiter);
    locks_.unlock("a", holder);
    expect_waiting("a", newcomer);
    EXPECT_THAT(locks_.unlock("a", waiter), ElementsAre(newcomer));
}

TEST_F(ScriptLocksTest, UnlockingWhatOneDoesNotHoldChangesNothing) {
    const Ticket holder = call("a.start");
    const Ticket waiter = call("a.stop");
    expect_granted("a", holder);
    expect_waiting("a", waiter);
    EXPECT_THAT(locks_.unlock("a", waiter), IsEmpty());
    EXPECT_THAT(locks_.unlock("b", holder), IsEmpty());
    EXPECT_THAT(locks_.unlock("a", call("c.start")), IsEmpty());
    EXPECT_TRUE(waits(waiter));
    EXPECT_THAT(locks_.unlock("a", holder), ElementsAre(waiter));
}

TEST_F(ScriptLocksTest, UnlockingTwiceDoesNotTakeTheLockFromTheNextHolder) {
    const Ticket first = call("a.start");
    const Ticket second = call("a.stop");
    const Ticket third = call("a.reload");
    expect_granted("a", first);
    expect_waiting("a", second);
    locks_.unlock("a", first);
    EXPECT_THAT(locks_.unlock("a", first), IsEmpty());
    expect_waiting("a", third);
}

// Re-entry

TEST_F(ScriptLocksTest, ACallMayTakeItsOwnLockAgainAndGivesItBackAsOften) {
    const Ticket holder = call("a.start");
    const Ticket waiter = call("a.stop");
    expect_granted("a", holder);
    expect_granted("a", holder);
    expect_waiting("a", waiter);
    EXPECT_THAT(locks_.unlock("a", holder), IsEmpty());
    EXPECT_THAT(locks_.unlock("a", holder), ElementsAre(waiter));
}

TEST_F(ScriptLocksTest, AChainThatComesBackToItsScriptEntersAgain) {
    const Ticket first = call("a.start");
    expect_granted("a", first);
    const Ticket second = nested(first, "b.start");
    expect_granted("b", second);
    const Ticket third = nested(second, "a.info");
    expect_granted("a", third);
}

TEST_F(ScriptLocksTest, ReEntryPassesThoseThatWait) {
    const Ticket first = call("a.start");
    const Ticket waiter = call("a.stop");
    expect_granted("a", first);
    expect_waiting("a", waiter);
    const Ticket inner = nested(first, "a.info");
    expect_granted("a", inner);
    EXPECT_THAT(locks_.unlock("a", inner), IsEmpty());
    EXPECT_THAT(end(inner), IsEmpty());
    EXPECT_THAT(locks_.unlock("a", first), ElementsAre(waiter));
}

TEST_F(ScriptLocksTest, TheCallerOfAHolderIsNotInItsChain) {
    // `first` gave up waiting for what it called, which holds the lock still.
    const Ticket first = call("a.start");
    const Ticket inner = nested(first, "a.info");
    expect_granted("a", inner);
    calls_.give_up(first);
    expect_waiting("a", first);
    EXPECT_THAT(end(inner), ElementsAre(first));
}

// Ends, however they come

TEST_F(ScriptLocksTest, AHolderThatEndsHandsItsLockOn) {
    const Ticket holder = call("a.start");
    const Ticket waiter = call("a.stop");
    expect_granted("a", holder);
    expect_waiting("a", waiter);
    EXPECT_THAT(end(holder), ElementsAre(waiter));
    EXPECT_FALSE(waits(waiter));
}

TEST_F(ScriptLocksTest, AHolderThatEndsGivesBackEveryHoldOfEveryLock) {
    const Ticket holder = call("a.start");
    for (const char* script : {"a", "a", "b", "c"}) expect_granted(script, holder);
    const Ticket one = call("a.stop");
    const Ticket two = call("c.stop");
    expect_waiting("a", one);
    expect_waiting("c", two);
    EXPECT_THAT(end(holder), ElementsAre(one, two));
    expect_granted("b", call("b.stop"));
}

TEST_F(ScriptLocksTest, AWaiterThatEndsIsServedNoMore) {
    const Ticket holder = call("a.start");
    const Ticket gone = call("a.stop");
    const Ticket next = call("a.reload");
    expect_granted("a", holder);
    expect_waiting("a", gone);
    expect_waiting("a", next);
    EXPECT_THAT(end(gone), IsEmpty());
    EXPECT_THAT(locks_.unlock("a", holder), ElementsAre(next));
}

TEST_F(ScriptLocksTest, TheOnlyWaiterThatEndsLeavesTheLockFreeAfterItsHolder) {
    const Ticket holder = call("a.start");
    const Ticket gone = call("a.stop");
    expect_granted("a", holder);
    expect_waiting("a", gone);
    end(gone);
    EXPECT_THAT(end(holder), IsEmpty());
    expect_granted("a", call("a.start"));
}

TEST_F(ScriptLocksTest, AWaiterThatIsForgottenWaitsForNobodyInTheGraph) {
    const Ticket holder = call("a.start");
    const Ticket waiter = call("a.stop");
    expect_granted("a", holder);
    expect_waiting("a", waiter);
    EXPECT_THAT(locks_.forget(waiter), IsEmpty());
    EXPECT_FALSE(waits(waiter));
}

TEST_F(ScriptLocksTest, AWaiterThatEndsGivesBackWhatItHolds) {
    const Ticket holder = call("a.start");
    const Ticket both = call("b.start");
    const Ticket other = call("b.stop");
    expect_granted("a", holder);
    expect_granted("b", both);
    expect_waiting("a", both);
    expect_waiting("b", other);
    EXPECT_THAT(end(both), ElementsAre(other));
    EXPECT_THAT(end(holder), IsEmpty());
}

TEST_F(ScriptLocksTest, ANestedHolderThatEndsLeavesTheLockToItsCaller) {
    const Ticket first = call("a.start");
    expect_granted("a", first);
    const Ticket inner = nested(first, "a.info");
    expect_granted("a", inner);
    const Ticket waiter = call("a.stop");
    expect_waiting("a", waiter);
    EXPECT_THAT(end(inner), IsEmpty());
    EXPECT_TRUE(waits(waiter));
    EXPECT_THAT(end(first), ElementsAre(waiter));
}

TEST_F(ScriptLocksTest, ALockStaysHeldByANestedCallWhoseCallerIsGone) {
    const Ticket first = call("a.start");
    expect_granted("a", first);
    const Ticket inner = nested(first, "a.info");
    expect_granted("a", inner);
    const Ticket waiter = call("a.stop");
    expect_waiting("a", waiter);
    EXPECT_THAT(end(first), IsEmpty());
    EXPECT_TRUE(waits(waiter));
    expect_waiting("a", call("a.reload"));
    EXPECT_THAT(end(inner), ElementsAre(waiter));
}

TEST_F(ScriptLocksTest, ForgettingACallThatTookNoLockChangesNothing) {
    const Ticket holder = call("a.start");
    expect_granted("a", holder);
    EXPECT_THAT(end(call("b.start")), IsEmpty());
    expect_waiting("a", call("a.stop"));
}

TEST_F(ScriptLocksTest, TheGraphMayForgetACallBeforeTheLocksDo) {
    const Ticket holder = call("a.start");
    const Ticket one = call("a.stop");
    const Ticket two = call("a.reload");
    expect_granted("a", holder);
    expect_waiting("a", one);
    expect_waiting("a", two);
    calls_.end(holder);
    EXPECT_THAT(locks_.forget(holder), ElementsAre(one));
    EXPECT_FALSE(waits(one));
    EXPECT_TRUE(waits(two));
}

// Calls whose caller went on without them

TEST_F(ScriptLocksTest, AHolderWhoseCallerIsGoneMayStillEnterAgain) {
    const Ticket first = call("a.start");
    expect_granted("a", first);
    const Ticket middle = nested(first, "b.start");
    const Ticket orphan = nested(middle, "a.info");
    expect_granted("a", orphan);
    end(middle);
    expect_granted("a", orphan);
    end(first);
    end(orphan);
    expect_granted("a", call("a.stop"));
}

TEST_F(ScriptLocksTest, WhatAHolderWhoseCallerIsGoneCallsMayEnterToo) {
    const Ticket first = call("a.start");
    expect_granted("a", first);
    const Ticket orphan = nested(first, "a.info");
    expect_granted("a", orphan);
    calls_.give_up(first);
    expect_granted("a", nested(orphan, "a.status"));
}

TEST_F(ScriptLocksTest, ACircleThroughAHolderWhoseCallerIsGoneIsRefused) {
    const Ticket first = call("a.start");
    expect_granted("a", first);
    const Ticket orphan = nested(first, "a.info");
    expect_granted("a", orphan);
    calls_.give_up(first);

    const Ticket other = call("b.start");
    expect_granted("b", other);
    expect_waiting("a", other);
    EXPECT_THAT(refusal("b", orphan), HasSubstr("a.info -> b.start -> a.info"));
    EXPECT_FALSE(waits(orphan));

    EXPECT_THAT(locks_.unlock("a", first), IsEmpty());
    EXPECT_THAT(end(orphan), ElementsAre(other));
}

TEST_F(ScriptLocksTest, AWaiterThatWouldWaitForTheSecondHolderInACircleIsRefused) {
    const Ticket first = call("a.start");
    expect_granted("a", first);
    const Ticket orphan = nested(first, "a.info");
    expect_granted("a", orphan);
    calls_.give_up(first);

    const Ticket other = call("b.start");
    expect_granted("b", other);
    expect_waiting("b", orphan);
    EXPECT_THAT(refusal("a", other), HasSubstr("b.start -> a.info -> b.start"));
    EXPECT_FALSE(waits(other)) << "a refused lock left a wait behind";
    EXPECT_THAT(end(other), ElementsAre(orphan));
}

// Circles

TEST_F(ScriptLocksTest, WhoWaitsForTheLockOfACallHasNotCalledIt) {
    // Both hold one and want the other's. Taking that for re-entry would let both in at once.
    const Ticket a = call("a.start");
    const Ticket b = call("b.start");
    expect_granted("a", a);
    expect_granted("b", b);
    expect_waiting("b", a);
    EXPECT_FALSE(locks_.lock("a", nested(b, "a.info")));
}

TEST_F(ScriptLocksTest, TwoScriptsThatLockEachOtherAreRefusedWithBothNames) {
    const Ticket a = call("a.start");
    const Ticket b = call("b.start");
    expect_granted("a", a);
    expect_granted("b", b);
    expect_waiting("b", a);
    EXPECT_EQ(refusal("a", b), "cannot wait in a circle: b.start -> a.start -> b.start");
}

TEST_F(ScriptLocksTest, ScriptsThatStartEachOtherAreRefusedWithAllNames) {
    // a.start calls b.start and, at the same moment, b.start calls a.start.
    const Ticket a = call("a.start");
    const Ticket b = call("b.start");
    expect_granted("a", a);
    expect_granted("b", b);
    const Ticket b_for_a = nested(a, "b.start for a");
    const Ticket a_for_b = nested(b, "a.start for b");
    expect_waiting("b", b_for_a);
    EXPECT_EQ(refusal("a", a_for_b),
              "cannot wait in a circle: a.start for b -> a.start -> b.start for a -> b.start -> "
              "a.start for b");
}

TEST_F(ScriptLocksTest, ThreeScriptsInACircleAreRefusedWithAllNames) {
    const Ticket a = call("a.start");
    const Ticket b = call("b.start");
    const Ticket c = call("c.start");
    expect_granted("a", a);
    expect_granted("b", b);
    expect_granted("c", c);
    expect_waiting("b", a);
    expect_waiting("c", b);
    EXPECT_EQ(refusal("a", c), "cannot wait in a circle: c.start -> a.start -> b.start -> c.start");
}

TEST_F(ScriptLocksTest, ARefusedLockIsNeitherHeldNorWaitedFor) {
    const Ticket a = call("a.start");
    const Ticket b = call("b.start");
    expect_granted("a", a);
    expect_granted("b", b);
    expect_waiting("b", a);
    refusal("a", b);
    EXPECT_FALSE(waits(b));
    EXPECT_THAT(locks_.unlock("b", b), ElementsAre(a));
    EXPECT_THAT(locks_.unlock("a", a), IsEmpty());
    expect_granted("a", call("a.stop"));
}

TEST_F(ScriptLocksTest, AWaitThatMovedToTheNextHolderStillClosesACircle) {
    const Ticket first = call("a.start");
    const Ticket second = call("a.stop");
    const Ticket third = call("b.start");
    expect_granted("a", first);
    expect_waiting("a", second);
    expect_granted("b", third);
    expect_waiting("a", third);
    EXPECT_THAT(end(first), ElementsAre(second));
    EXPECT_EQ(refusal("b", second), "cannot wait in a circle: a.stop -> b.start -> a.stop");
}

TEST_F(ScriptLocksTest, OneThatDoesNotWaitGetsTheLockOnlyWhereItIsFree) {
    const Ticket first = call("a.start");
    const Ticket second = call("a.stop");
    EXPECT_TRUE(locks_.try_lock("a", first));
    EXPECT_FALSE(locks_.try_lock("a", second));
    EXPECT_TRUE(locks_.try_lock("a", nested(first, "a.status")));
    expect_waiting("a", second);
}

TEST_F(ScriptLocksTest, AfterATryInVainNobodyWaits) {
    const Ticket first = call("a.start");
    expect_granted("a", first);
    EXPECT_FALSE(locks_.try_lock("a", call("a.stop")));
    EXPECT_THAT(end(first), IsEmpty());
    EXPECT_TRUE(locks_.try_lock("a", call("a.reload")));
}

TEST_F(ScriptLocksTest, AWaitForAFormerHolderClosesNoCircle) {
    const Ticket first = call("a.start");
    const Ticket second = call("a.stop");
    const Ticket third = call("b.start");
    expect_granted("a", first);
    expect_waiting("a", second);
    expect_granted("b", third);
    expect_waiting("a", third);
    EXPECT_THAT(locks_.unlock("a", first), ElementsAre(second));
    expect_waiting("b", first);
}

}  // namespace
}  // namespace comar
