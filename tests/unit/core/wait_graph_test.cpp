// SPDX-License-Identifier: MIT
#include "core/wait_graph.h"

#include <gtest/gtest.h>

namespace comar {
namespace {

class WaitGraphTest : public testing::Test {
protected:
    Ticket node(std::string label) {
        const Ticket ticket = tickets_.next();
        graph_.add(ticket, std::move(label));
        return ticket;
    }

    void wait(Ticket waiter, Ticket awaited) {
        const auto result = graph_.wait(waiter, awaited);
        EXPECT_TRUE(result) << result.error().message;
    }

    /// What a wait that closes a circle is refused with.
    std::string refusal(Ticket waiter, Ticket awaited) {
        const auto result = graph_.wait(waiter, awaited);
        if (result) return "(was not refused)";
        EXPECT_EQ(result.error().kind, ErrorKind::invalid);
        return result.error().message;
    }

    /// Nodes "s0.start", "s1.start"…, each but the last waiting for the next.
    std::vector<Ticket> chain(std::size_t length) {
        std::vector<Ticket> nodes;
        for (std::size_t i = 0; i < length; ++i) {
            nodes.push_back(node("s" + std::to_string(i) + ".start"));
            if (i > 0) wait(nodes[i - 1], nodes[i]);
        }
        return nodes;
    }

    TicketCounter tickets_;
    WaitGraph graph_;
};

TEST_F(WaitGraphTest, ANewNodeWaitsForNothing) { EXPECT_FALSE(graph_.waits(node("a.start"))); }

TEST_F(WaitGraphTest, OnlyTheWaiterWaits) {
    const auto nodes = chain(2);
    EXPECT_TRUE(graph_.waits(nodes[0]));
    EXPECT_FALSE(graph_.waits(nodes[1]));
}

TEST_F(WaitGraphTest, ANodeThatWouldWaitForItselfIsNamedTwice) {
    const Ticket a = node("a.start");
    EXPECT_EQ(refusal(a, a), "cannot wait in a circle: a.start -> a.start");
}

TEST_F(WaitGraphTest, ACircleOfTwoIsNamedWhole) {
    const auto nodes = chain(2);
    EXPECT_EQ(refusal(nodes[1], nodes[0]),
              "cannot wait in a circle: s1.start -> s0.start -> s1.start");
}

TEST_F(WaitGraphTest, ACircleOfThreeIsNamedWholeAndInOrder) {
    const auto nodes = chain(3);
    EXPECT_EQ(refusal(nodes[2], nodes[0]),
              "cannot wait in a circle: s2.start -> s0.start -> s1.start -> s2.start");
}

TEST_F(WaitGraphTest, ACircleOfFiveHundredIsNamedWholeAndInOrder) {
    const auto nodes = chain(500);
    std::string expected = "cannot wait in a circle: s499.start";
    for (std::size_t i = 0; i < 500; ++i) expected += " -> s" + std::to_string(i) + ".start";
    EXPECT_EQ(refusal(nodes.back(), nodes.front()), expected);
}

TEST_F(WaitGraphTest, AVeryLongChainDoesNotExhaustTheStack) {
    const auto nodes = chain(50'000);
    EXPECT_FALSE(graph_.wait(nodes.back(), nodes.front()));
}

TEST_F(WaitGraphTest, OnlyTheCircleIsNamedNotWhatLeadsToIt) {
    const auto nodes = chain(4);
    EXPECT_EQ(refusal(nodes[3], nodes[2]),
              "cannot wait in a circle: s3.start -> s2.start -> s3.start");
}

TEST_F(WaitGraphTest, SideBranchesAreNotNamed) {
    const auto nodes = chain(3);
    const Ticket before = node("before.start");
    const Ticket after = node("after.start");
    wait(nodes[1], before);
    wait(nodes[1], after);
    wait(nodes[0], after);
    EXPECT_EQ(refusal(nodes[2], nodes[0]),
              "cannot wait in a circle: s2.start -> s0.start -> s1.start -> s2.start");
}

TEST_F(WaitGraphTest, DiamondShapedWaitsAreNoCircle) {
    const Ticket top = node("top.start");
    const Ticket left = node("left.start");
    const Ticket right = node("right.start");
    const Ticket bottom = node("bottom.start");
    wait(top, left);
    wait(top, right);
    wait(left, bottom);
    wait(right, bottom);
    EXPECT_FALSE(graph_.wait(bottom, top));
    EXPECT_TRUE(graph_.wait(left, right));
}

TEST_F(WaitGraphTest, ManyStackedDiamondsAreSearchedQuickly) {
    // 2^200 ways lead down; each node must be looked at once only.
    std::vector<Ticket> joints{node("joint0.start")};
    for (int i = 1; i <= 200; ++i) {
        const Ticket left = node("left.start");
        const Ticket right = node("right.start");
        const Ticket below = node("joint" + std::to_string(i) + ".start");
        for (const Ticket side : {left, right}) {
            wait(joints.back(), side);
            wait(side, below);
        }
        joints.push_back(below);
    }
    EXPECT_TRUE(graph_.wait(node("other.start"), joints.front())) << "there is no way back at all";
    EXPECT_FALSE(graph_.wait(joints.back(), joints.front()));
}

TEST_F(WaitGraphTest, ARefusedWaitChangesNothing) {
    const auto nodes = chain(3);
    EXPECT_FALSE(graph_.wait(nodes[2], nodes[0]));
    EXPECT_FALSE(graph_.waits(nodes[2]));
    EXPECT_TRUE(graph_.waits(nodes[0]));
    // Had the wait been kept, this one would close a circle.
    const Ticket other = node("other.start");
    EXPECT_TRUE(graph_.wait(other, nodes[2]));
    EXPECT_TRUE(graph_.wait(nodes[1], node("free.start")));
    // Refused again, by the same words: the first three waits are still there.
    EXPECT_EQ(refusal(nodes[2], nodes[0]),
              "cannot wait in a circle: s2.start -> s0.start -> s1.start -> s2.start");
}

TEST_F(WaitGraphTest, ANodeThatIsRemovedTakesItsWaitsAlong) {
    const auto nodes = chain(3);
    graph_.remove(nodes[1]);
    EXPECT_FALSE(graph_.waits(nodes[0]));
    EXPECT_FALSE(graph_.waits(nodes[1]));
    EXPECT_TRUE(graph_.wait(nodes[2], nodes[0]));
}

TEST_F(WaitGraphTest, ANodeThatIsRemovedKeepsOthersInTheirOtherWaits) {
    const auto nodes = chain(2);
    const Ticket other = node("other.start");
    wait(nodes[0], other);
    graph_.remove(nodes[1]);
    EXPECT_TRUE(graph_.waits(nodes[0]));
    EXPECT_FALSE(graph_.wait(other, nodes[0]));
}

TEST_F(WaitGraphTest, AWaitThatIsOverClosesNoCircle) {
    const auto nodes = chain(2);
    graph_.stop_waiting(nodes[0], nodes[1]);
    EXPECT_FALSE(graph_.waits(nodes[0]));
    EXPECT_TRUE(graph_.wait(nodes[1], nodes[0]));
}

TEST_F(WaitGraphTest, AWaitAskedForTwiceIsOverWhenItIsOverTwice) {
    const auto nodes = chain(2);
    wait(nodes[0], nodes[1]);
    graph_.stop_waiting(nodes[0], nodes[1]);
    EXPECT_TRUE(graph_.waits(nodes[0]));
    graph_.stop_waiting(nodes[0], nodes[1]);
    EXPECT_FALSE(graph_.waits(nodes[0]));
}

TEST_F(WaitGraphTest, ACallReachesItselfAndAllThatItsAnswerComesFrom) {
    const auto nodes = chain(4);
    for (std::size_t from = 0; from < nodes.size(); ++from) {
        for (std::size_t to = 0; to < nodes.size(); ++to) {
            EXPECT_EQ(graph_.reaches(nodes[from], nodes[to]), from <= to) << from << " to " << to;
        }
    }
}

TEST_F(WaitGraphTest, WhoWaitsForATurnIsNoCaller) {
    const auto nodes = chain(2);
    const Ticket holder = node("holder.start");
    ASSERT_TRUE(graph_.wait(nodes[1], holder, WaitFor::turn));
    EXPECT_FALSE(graph_.reaches(nodes[1], holder));
    EXPECT_FALSE(graph_.reaches(nodes[0], holder));
    EXPECT_TRUE(graph_.waits(nodes[1]));
}

TEST_F(WaitGraphTest, WaitsForATurnCloseCirclesLikeAnyOther) {
    const auto nodes = chain(2);
    const auto refused = graph_.wait(nodes[1], nodes[0], WaitFor::turn);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "cannot wait in a circle: s1.start -> s0.start -> s1.start");
    const Ticket holder = node("holder.start");
    ASSERT_TRUE(graph_.wait(nodes[1], holder, WaitFor::turn));
    EXPECT_EQ(refusal(holder, nodes[0]),
              "cannot wait in a circle: holder.start -> s0.start -> s1.start -> holder.start");
}

TEST_F(WaitGraphTest, AWaitForATurnThatIsOverLeavesTheWaitForTheAnswer) {
    const auto nodes = chain(2);
    ASSERT_TRUE(graph_.wait(nodes[0], nodes[1], WaitFor::turn));
    graph_.stop_waiting(nodes[0], nodes[1], WaitFor::turn);
    EXPECT_TRUE(graph_.reaches(nodes[0], nodes[1]));
    graph_.stop_waiting(nodes[0], nodes[1], WaitFor::turn);
    EXPECT_TRUE(graph_.reaches(nodes[0], nodes[1]));
    graph_.stop_waiting(nodes[0], nodes[1]);
    EXPECT_FALSE(graph_.waits(nodes[0]));
}

TEST_F(WaitGraphTest, WhoWantsNoAnswerAnyMoreStillWaitsForItsTurn) {
    const Ticket caller = node("a.start");
    const Ticket called = node("b.start");
    const Ticket holder = node("c.start");
    ASSERT_TRUE(graph_.wait(caller, called));
    ASSERT_TRUE(graph_.wait(caller, holder, WaitFor::turn));
    graph_.stop_waiting_for_answers(caller);
    EXPECT_FALSE(graph_.reaches(caller, called));
    EXPECT_TRUE(graph_.wait(called, caller));
    EXPECT_FALSE(graph_.wait(holder, caller)) << "the turn is waited for still";
}

TEST_F(WaitGraphTest, WhetherOneMayWaitIsToldWithoutWaiting) {
    const Ticket a = node("a.start");
    const Ticket b = node("b.start");
    EXPECT_TRUE(graph_.may_wait(a, b));
    EXPECT_FALSE(graph_.waits(a));
    ASSERT_TRUE(graph_.wait(a, b));
    const auto refused = graph_.may_wait(b, a);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "cannot wait in a circle: b.start -> a.start -> b.start");
}

TEST_F(WaitGraphTest, UnknownWaitsAndNodesAreIgnored) {
    const auto nodes = chain(2);
    const Ticket unknown{4711};
    graph_.stop_waiting(nodes[1], nodes[0]);
    graph_.stop_waiting(unknown, nodes[0]);
    graph_.remove(unknown);
    EXPECT_FALSE(graph_.waits(unknown));
    EXPECT_TRUE(graph_.waits(nodes[0]));
}

TEST_F(WaitGraphTest, WaitingForWhatHasEndedIsNoWait) {
    const Ticket a = node("a.start");
    const Ticket ended = node("ended.start");
    graph_.remove(ended);
    EXPECT_TRUE(graph_.wait(a, ended));
    EXPECT_FALSE(graph_.waits(a));
}

TEST_F(WaitGraphTest, WhoWaitedForAnAnswerWaitsForWhoeverGivesItInstead) {
    const Ticket caller = node("caller.start");
    const Ticket start = node("a.start");
    const Ticket restart = node("a.restart");
    wait(caller, start);
    ASSERT_TRUE(graph_.wait(restart, start, WaitFor::turn));
    graph_.hand_over(start, restart);
    graph_.remove(start);
    EXPECT_TRUE(graph_.reaches(caller, restart));
    EXPECT_FALSE(graph_.waits(restart));
    EXPECT_EQ(refusal(restart, caller),
              "cannot wait in a circle: a.restart -> caller.start -> a.restart");
}

TEST_F(WaitGraphTest, AJobAndTheCallThatCarriesItOutAreNamedOnce) {
    const Ticket job_a = node("a.start");
    const Ticket call_a = node("a.start");
    const Ticket job_b = node("b.start");
    const Ticket call_b = node("b.start");
    wait(job_a, call_a);
    wait(call_a, job_b);
    wait(job_b, call_b);
    EXPECT_EQ(refusal(call_b, job_a), "cannot wait in a circle: b.start -> a.start -> b.start");
}

TEST_F(WaitGraphTest, ACircleOfOneJobAndItsCallStillReadsAsACircle) {
    const Ticket job = node("a.start");
    const Ticket call = node("a.start");
    wait(job, call);
    EXPECT_EQ(refusal(call, job), "cannot wait in a circle: a.start -> a.start");
}

}  // namespace
}  // namespace comar
