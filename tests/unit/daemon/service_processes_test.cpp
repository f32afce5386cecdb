// SPDX-License-Identifier: MIT
#include "daemon/service_processes.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/resource.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include "os/cgroup_mount.h"
#include "os/proc_scan.h"
#include "os/unique_fd.h"
#include "unit/os/child_process.h"

namespace comar {
namespace {

using test::WaitingChild;
using Orphans = Result<std::vector<ProcessId>>;

/// Without a cgroup, and with a look for orphans that answers as the test says.
class ServiceProcessesTest : public testing::Test {
protected:
    /// Runs one process of the service to its end, and until that is told.
    void end_one() {
        const pid_t pid = ::fork();
        if (pid == 0) ::_exit(0);
        processes_.adopt_child(read_stat(pid)->id);
        ASSERT_TRUE(loop_.run());
    }

    Loop loop_ = std::move(Loop::create()).value();
    ChildWatch children_ = std::move(ChildWatch::create(loop_, {})).value();
    Orphans answer_ = std::vector<ProcessId>{};
    std::vector<std::uint64_t> asked_;
    ServiceProcesses processes_{
        loop_,
        children_,
        [this](std::uint64_t since) {
            asked_.push_back(since);
            return answer_;
        },
        [](pid_t) { return false; },
        [](const ProcessId&) { return false; },
        {[] {}, [this](const ProcessId&, const std::optional<ExitStatus>&) { loop_.quit(0); }}};
};

TEST_F(ServiceProcessesTest, WhatNobodyCouldSeeIsLookedForAgain) {
    answer_ = Failure(Error{ErrorKind::busy, "too many open files"});
    end_one();
    EXPECT_TRUE(processes_.may_have_more());
    processes_.find_orphans();
    EXPECT_TRUE(processes_.may_have_more()) << "it still cannot be seen";
    answer_ = std::vector<ProcessId>{};
    processes_.find_orphans();
    EXPECT_FALSE(processes_.may_have_more());
    ASSERT_EQ(asked_.size(), 3U);
    EXPECT_EQ(asked_[1], asked_[0]);
    EXPECT_EQ(asked_[2], asked_[0]);
    processes_.find_orphans();
    EXPECT_EQ(asked_.size(), 3U) << "nothing is owed any more";
}

TEST_F(ServiceProcessesTest, AfterALookThatSawNobodyThereIsNoMore) {
    end_one();
    EXPECT_EQ(asked_.size(), 1U);
    EXPECT_FALSE(processes_.may_have_more());
}

/// No descriptor can be opened while it lives.
class NoDescriptors {
public:
    NoDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const UniqueFd next(::dup(STDIN_FILENO));
        rlimit none = before_;
        none.rlim_cur = static_cast<rlim_t>(next.get());
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;
    ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

TEST_F(ServiceProcessesTest, ACgroupThatCannotBeListedIsNotEmpty) {
    const auto own = own_cgroup_folder();
    if (!own) GTEST_SKIP() << own.error().message;
    const std::string name = "comar-test-" + std::to_string(::getpid());
    if (auto used = processes_.use_cgroup(*own, name); !used) GTEST_SKIP() << used.error().message;
    {
        const WaitingChild child;
        ASSERT_TRUE(Cgroup::create(*own, name).value().add(child.pid()));
        EXPECT_TRUE(processes_.alive());
        EXPECT_FALSE(processes_.may_have_more());
        const NoDescriptors none;
        EXPECT_TRUE(processes_.all().empty());
        EXPECT_TRUE(processes_.may_have_more());
        EXPECT_TRUE(processes_.alive()) << "somebody is in there";
    }
    EXPECT_FALSE(processes_.may_have_more());
    EXPECT_FALSE(processes_.release()) << "it was empty, and is gone";
}

}  // namespace
}  // namespace comar
