// SPDX-License-Identifier: MIT
#include "core/job_queue.h"

#include <vector>

#include <gtest/gtest.h>

#include "support/print.h"

namespace comar {
namespace {

class JobQueueTest : public testing::Test {
protected:
    Ticket submit(JobKind kind) { return queue_.submit(kind).ticket; }

    Ticket run(JobKind kind) {
        const Ticket ticket = submit(kind);
        EXPECT_EQ(queue_.begin_next().value().ticket, ticket);
        return ticket;
    }

    std::vector<JobKind> kinds_waiting() const {
        std::vector<JobKind> kinds;
        for (const Job& job : queue_.waiting()) kinds.push_back(job.kind);
        return kinds;
    }

    TicketCounter tickets_;
    JobQueue queue_{tickets_};
};

TEST_F(JobQueueTest, ANewQueueIsIdleAndHasNothingToBegin) {
    EXPECT_TRUE(queue_.idle());
    EXPECT_FALSE(queue_.begin_next());
    EXPECT_FALSE(queue_.running());
}

TEST_F(JobQueueTest, ASubmittedJobWaitsUntilItIsBegun) {
    const auto submitted = queue_.submit(JobKind::start);
    EXPECT_FALSE(submitted.joined);
    EXPECT_FALSE(queue_.idle());
    EXPECT_FALSE(queue_.running());

    const auto job = queue_.begin_next();
    ASSERT_TRUE(job);
    EXPECT_EQ(job->ticket, submitted.ticket);
    EXPECT_EQ(job->kind, JobKind::start);
    EXPECT_EQ(queue_.running()->ticket, submitted.ticket);
    EXPECT_TRUE(queue_.waiting().empty());
}

TEST_F(JobQueueTest, WhatARequestWouldJoinIsKnownBeforeItIsMade) {
    EXPECT_EQ(queue_.joinable(JobKind::start), std::nullopt);
    const Ticket running = run(JobKind::start);
    EXPECT_EQ(queue_.joinable(JobKind::start), running);
    EXPECT_EQ(queue_.joinable(JobKind::restart), std::nullopt);
    const Ticket stop = submit(JobKind::stop);
    EXPECT_EQ(queue_.joinable(JobKind::stop), stop);
    EXPECT_EQ(queue_.joinable(JobKind::start), std::nullopt);
    EXPECT_EQ(kinds_waiting(), std::vector{JobKind::stop}) << "asking changes nothing";
}

TEST_F(JobQueueTest, OnlyOneJobRunsAtATime) {
    run(JobKind::start);
    submit(JobKind::stop);
    EXPECT_FALSE(queue_.begin_next());
    queue_.end_running();
    EXPECT_EQ(queue_.begin_next()->kind, JobKind::stop);
}

TEST_F(JobQueueTest, JobsRunInTheOrderInWhichTheyWereAskedFor) {
    const std::vector<JobKind> asked{JobKind::stop, JobKind::start, JobKind::reload, JobKind::stop,
                                     JobKind::ready};
    for (const JobKind kind : asked) EXPECT_FALSE(queue_.submit(kind).joined);
    for (const JobKind kind : asked) {
        EXPECT_EQ(queue_.begin_next().value().kind, kind);
        queue_.end_running();
    }
    EXPECT_TRUE(queue_.idle());
}

TEST_F(JobQueueTest, ASecondStartJoinsTheOneThatWaits) {
    const Ticket first = submit(JobKind::start);
    const auto second = queue_.submit(JobKind::start);
    EXPECT_TRUE(second.joined);
    EXPECT_EQ(second.ticket, first);
    EXPECT_EQ(queue_.waiting().size(), 1U);
}

TEST_F(JobQueueTest, ASecondStartJoinsTheOneThatRuns) {
    const Ticket first = run(JobKind::start);
    const auto second = queue_.submit(JobKind::start);
    EXPECT_TRUE(second.joined);
    EXPECT_EQ(second.ticket, first);
    EXPECT_TRUE(queue_.waiting().empty());
}

TEST_F(JobQueueTest, AStartJoinsTheRestartThatRuns) {
    const Ticket restart = run(JobKind::restart);
    EXPECT_EQ(submit(JobKind::start), restart);
}

TEST_F(JobQueueTest, ARestartTurnsTheStartThatWaitsIntoARestart) {
    const Ticket start = submit(JobKind::start);
    const auto restart = queue_.submit(JobKind::restart);
    EXPECT_TRUE(restart.joined);
    EXPECT_EQ(restart.ticket, start);
    EXPECT_EQ(kinds_waiting(), std::vector{JobKind::restart});
}

TEST_F(JobQueueTest, ARestartDoesNotJoinTheStartThatRuns) {
    const Ticket start = run(JobKind::start);
    EXPECT_NE(submit(JobKind::restart), start);
    EXPECT_EQ(queue_.running()->kind, JobKind::start);
}

TEST_F(JobQueueTest, AReloadNeverJoinsTheOneThatRunsButTheOneThatWaits) {
    const Ticket runs = run(JobKind::reload);
    const auto waits = queue_.submit(JobKind::reload);
    EXPECT_FALSE(waits.joined);
    EXPECT_NE(waits.ticket, runs);
    EXPECT_EQ(submit(JobKind::reload), waits.ticket);
}

TEST_F(JobQueueTest, AStartAfterAWaitingStopDoesNotJoinTheStartThatRuns) {
    const Ticket runs = run(JobKind::start);
    submit(JobKind::stop);
    const auto again = queue_.submit(JobKind::start);
    EXPECT_FALSE(again.joined);
    EXPECT_NE(again.ticket, runs);
    EXPECT_EQ(kinds_waiting(), (std::vector{JobKind::stop, JobKind::start}));
}

TEST_F(JobQueueTest, AStartDoesNotJoinAWaitingOneThatAStopFollows) {
    const Ticket first = submit(JobKind::start);
    submit(JobKind::stop);
    EXPECT_NE(submit(JobKind::start), first);
    EXPECT_EQ(kinds_waiting(), (std::vector{JobKind::start, JobKind::stop, JobKind::start}));
}

TEST_F(JobQueueTest, AJobThatHasEndedIsJoinedByNobody) {
    const Ticket first = run(JobKind::start);
    queue_.end_running();
    EXPECT_TRUE(queue_.idle());
    const auto second = queue_.submit(JobKind::start);
    EXPECT_FALSE(second.joined);
    EXPECT_NE(second.ticket, first);
}

TEST_F(JobQueueTest, AWaitingJobCanBeWithdrawnFromAnyPlace) {
    const Ticket stop = submit(JobKind::stop);
    const Ticket start = submit(JobKind::start);
    const Ticket reload = submit(JobKind::reload);
    EXPECT_TRUE(queue_.withdraw(start));
    EXPECT_EQ(kinds_waiting(), (std::vector{JobKind::stop, JobKind::reload}));
    EXPECT_TRUE(queue_.withdraw(stop));
    EXPECT_TRUE(queue_.withdraw(reload));
    EXPECT_TRUE(queue_.idle());
}

TEST_F(JobQueueTest, WhatRunsHasEndedOrNeverWasCannotBeWithdrawn) {
    const Ticket ended = run(JobKind::start);
    queue_.end_running();
    const Ticket runs = run(JobKind::stop);
    EXPECT_FALSE(queue_.withdraw(ended));
    EXPECT_FALSE(queue_.withdraw(runs));
    EXPECT_FALSE(queue_.withdraw(Ticket{4711}));
    EXPECT_EQ(queue_.running()->ticket, runs);
}

TEST_F(JobQueueTest, AWithdrawnJobCannotBeWithdrawnAgain) {
    const Ticket start = submit(JobKind::start);
    EXPECT_TRUE(queue_.withdraw(start));
    EXPECT_FALSE(queue_.withdraw(start));
}

TEST_F(JobQueueTest, EachWaitingJobIsBehindTheOneBeforeIt) {
    const Ticket runs = run(JobKind::start);
    const Ticket stop = submit(JobKind::stop);
    const Ticket start = submit(JobKind::start);
    EXPECT_EQ(queue_.ahead_of(runs), std::nullopt);
    EXPECT_EQ(queue_.ahead_of(stop), runs);
    EXPECT_EQ(queue_.ahead_of(start), stop);
}

TEST_F(JobQueueTest, NothingIsAheadOfTheFirstWhileNoneRuns) {
    const Ticket stop = submit(JobKind::stop);
    const Ticket start = submit(JobKind::start);
    EXPECT_EQ(queue_.ahead_of(stop), std::nullopt);
    EXPECT_EQ(queue_.ahead_of(start), stop);
}

TEST_F(JobQueueTest, AWithdrawnJobIsAheadOfNobody) {
    const Ticket runs = run(JobKind::start);
    const Ticket stop = submit(JobKind::stop);
    const Ticket start = submit(JobKind::start);
    queue_.withdraw(stop);
    EXPECT_EQ(queue_.ahead_of(start), runs);
    EXPECT_EQ(queue_.ahead_of(stop), std::nullopt);
}

TEST_F(JobQueueTest, NothingIsAheadOfATicketOfAnotherQueue) {
    run(JobKind::start);
    submit(JobKind::stop);
    EXPECT_EQ(queue_.ahead_of(Ticket{4711}), std::nullopt);
}

TEST_F(JobQueueTest, QueuesOfOneCounterNeverShareATicket) {
    JobQueue other(tickets_);
    EXPECT_NE(submit(JobKind::start), other.submit(JobKind::start).ticket);
}

TEST_F(JobQueueTest, EndingWhenNothingRunsChangesNothing) {
    submit(JobKind::start);
    queue_.end_running();
    EXPECT_EQ(kinds_waiting(), std::vector{JobKind::start});
}

}  // namespace
}  // namespace comar
