// SPDX-License-Identifier: MIT
#include "os/reap.h"

#include <algorithm>
#include <chrono>
#include <csignal>

#include <sys/prctl.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include "os/pipe.h"
#include "os/proc_scan.h"
#include "os/process.h"
#include "unit/os/child_process.h"

namespace comar {
namespace {

using namespace std::chrono_literals;
using test::holds_in_child;
using test::WaitingChild;

constexpr auto patience = 60s;

TEST(ReapTest, AChildThatRunsIsLeftAlone) {
    const WaitingChild child;
    const auto pidfd = open_pidfd(child.pid());
    ASSERT_TRUE(pidfd);
    EXPECT_EQ(reap(pidfd->get()).value(), std::nullopt);
}

TEST(ReapTest, TellsTheExitCode) {
    WaitingChild child(7);
    const auto pidfd = open_pidfd(child.pid());
    ASSERT_TRUE(pidfd);
    child.end();
    child.wait_until_exited();
    child.forget();
    EXPECT_EQ(reap(pidfd->get()).value(), (ExitStatus{.code = 7, .signal = 0}));
}

TEST(ReapTest, TellsTheSignal) {
    WaitingChild child;
    const auto process = Process::open_pid(child.pid());
    ASSERT_TRUE(process && process->signal(SIGKILL));
    child.wait_until_exited();
    child.forget();
    const auto status = reap(process->pidfd()).value();
    EXPECT_EQ(status, (ExitStatus{.code = 0, .signal = SIGKILL}));
    EXPECT_FALSE(status->clean());
}

TEST(ReapTest, AChildIsReapedOnce) {
    WaitingChild child;
    const auto pidfd = open_pidfd(child.pid());
    ASSERT_TRUE(pidfd);
    child.end();
    child.reap();
    EXPECT_EQ(reap(pidfd->get()).error().os_error, ECHILD);
}

TEST(ReapTest, OthersThanChildrenAreNotFound) {
    const auto parent = open_pidfd(::getppid());
    ASSERT_TRUE(parent);
    EXPECT_EQ(reap(parent->get()).error().kind, ErrorKind::not_found);
}

/// Both are zombies then, which nobody but the test will reap.
void end_unreaped(WaitingChild& first, WaitingChild& second) {
    for (auto* child : {&first, &second}) {
        child->end();
        child->wait_until_exited();
        child->forget();
    }
}

TEST(ReapTest, AllThatHaveExitedAreReapedAndTheOthersStay) {
    const WaitingChild running;
    WaitingChild first(1);
    WaitingChild second(2);
    end_unreaped(first, second);
    auto reaped = reap_children();
    std::sort(reaped.begin(), reaped.end(),
              [](const auto& a, const auto& b) { return a.status.code < b.status.code; });
    ASSERT_EQ(reaped.size(), 2U);
    EXPECT_EQ(reaped[0].pid, first.pid());
    EXPECT_EQ(reaped[1].pid, second.pid());
    EXPECT_EQ(reaped[1].status.code, 2);
    EXPECT_TRUE(reap_children().empty());
}

TEST(ReapTest, EachIsShownWhileProcStillKnowsIt) {
    std::vector<pid_t> shown;
    WaitingChild first(1);
    WaitingChild second(2);
    end_unreaped(first, second);
    const auto reaped = reap_children([&](pid_t pid) {
        EXPECT_EQ(read_stat(pid)->state, 'Z');
        shown.push_back(pid);
    });
    ASSERT_EQ(reaped.size(), 2U);
    EXPECT_EQ(shown, (std::vector{reaped[0].pid, reaped[1].pid}));
    EXPECT_NE(shown[0], shown[1]);
    for (const pid_t pid : shown) EXPECT_FALSE(read_stat(pid)) << "it was reaped";
}

/// Makes a child that leaves an orphan behind, and reaps the child; the pid of the orphan, which
/// runs until `hold` closes.
pid_t leave_orphan(const Pipe& hold) {
    const auto number = make_pipe();
    const pid_t middle = ::fork();
    if (middle == 0) {
        const pid_t orphan = ::fork();
        if (orphan == 0) {
            ::close(hold.write_end.get());
            char byte = 0;
            ::_exit(::read(hold.read_end.get(), &byte, 1) == 0 ? 5 : 1);
        }
        const auto written = ::write(number->write_end.get(), &orphan, sizeof orphan);
        ::_exit(written == sizeof orphan ? 0 : 1);
    }
    pid_t orphan = -1;
    test::wait_for(middle);
    const auto got = ::read(number->read_end.get(), &orphan, sizeof orphan);
    return got == sizeof orphan ? orphan : -1;
}

TEST(ReapTest, ASubreaperInheritsOrphans) {
    EXPECT_TRUE(holds_in_child([] {
        auto hold = make_pipe();
        if (!hold || !become_subreaper()) return false;
        const pid_t orphan = leave_orphan(*hold);
        const auto process = Process::open_pid(orphan);
        hold->write_end.reset();
        if (!process || !process->wait_gone(patience).value_or(false)) return false;
        const auto reaped = reap_children();
        return reaped.size() == 1 && reaped[0].pid == orphan && reaped[0].status.code == 5;
    }));
}

TEST(ReapTest, TheParentDeathSignalIsSet) {
    EXPECT_TRUE(holds_in_child([] {
        int signo = 0;
        return set_parent_death_signal(SIGTERM).has_value() &&
               ::prctl(PR_GET_PDEATHSIG, &signo) == 0 && signo == SIGTERM;
    }));
}

}  // namespace
}  // namespace comar
