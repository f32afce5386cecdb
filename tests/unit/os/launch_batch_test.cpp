// SPDX-License-Identifier: MIT
#include "os/launch_batch.h"

#include <csignal>
#include <vector>

#include <sys/wait.h>

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "os/proc_scan.h"

namespace comar {
namespace {

constexpr int patience = 60'000;  // milliseconds

/// All outcomes, waited for.
std::vector<LaunchOutcome> outcomes_of(const LaunchBatch& batch) {
    std::vector<LaunchOutcome> all;
    for (bool at_end = false; !at_end;) {
        pollfd file{batch.report(), POLLIN, 0};
        if (::poll(&file, 1, patience) <= 0) ADD_FAILURE() << "no outcome in time";
        const auto more = batch.read(at_end);
        all.insert(all.end(), more.begin(), more.end());
    }
    return all;
}

SpawnRequest request_of(std::vector<std::string> arguments) {
    SpawnRequest request;
    request.arguments = std::move(arguments);
    return request;
}

void end(pid_t pid) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
}

TEST(LaunchBatchTest, EachIsAChildOfOurs) {
    const auto batch = LaunchBatch::start(
        {request_of({"/bin/sleep", "1000"}), request_of({"/bin/sleep", "1001"})});
    ASSERT_TRUE(batch) << batch.error().message;
    const auto outcomes = outcomes_of(*batch);
    ASSERT_EQ(outcomes.size(), 2U);
    for (const LaunchOutcome& outcome : outcomes) {
        ASSERT_EQ(outcome.is_started, 1U);
        const auto stat = read_stat(outcome.id.pid);
        ASSERT_TRUE(stat);
        EXPECT_EQ(stat->id, outcome.id);
        EXPECT_EQ(stat->parent, ::getpid());
        EXPECT_EQ(stat->comm, "sleep");
        end(outcome.id.pid);
    }
    ::waitpid(batch->id().pid, nullptr, 0);
}

TEST(LaunchBatchTest, OneThatCannotBeStartedIsToldAndTheOthersRun) {
    const auto batch =
        LaunchBatch::start({request_of({"/nonexistent"}), request_of({"/bin/true"})});
    ASSERT_TRUE(batch) << batch.error().message;
    const auto outcomes = outcomes_of(*batch);
    ASSERT_EQ(outcomes.size(), 2U);
    EXPECT_EQ(outcomes[0].index, 0U);
    EXPECT_EQ(outcomes[0].is_started, 0U);
    EXPECT_EQ(outcomes[1].index, 1U);
    EXPECT_EQ(outcomes[1].is_started, 1U);
    ::waitpid(outcomes[1].id.pid, nullptr, 0);
    ::waitpid(batch->id().pid, nullptr, 0);
}

TEST(LaunchBatchTest, ACopyThatIsKilledLeavesTheRestUntold) {
    SpawnRequest hanging = request_of({"/bin/sleep", "1000"});
    const auto batch = LaunchBatch::start(std::vector<SpawnRequest>(200, hanging));
    ASSERT_TRUE(batch) << batch.error().message;
    batch->kill();
    const auto outcomes = outcomes_of(*batch);
    EXPECT_LT(outcomes.size(), 200U);
    ::waitpid(batch->id().pid, nullptr, 0);
    // One may run that was not told any more.
    const auto left = children(::getpid()).value();
    for (const ProcessId& child : left) end(child.pid);
}

}  // namespace
}  // namespace comar
