// SPDX-License-Identifier: MIT
#include "os/process.h"

#include <chrono>
#include <csignal>
#include <limits>
#include <thread>

#include <sys/syscall.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include "os/pipe.h"
#include "os/proc_scan.h"
#include "unit/os/child_process.h"

namespace comar {
namespace {

using namespace std::chrono_literals;
using test::wait_for;
using test::WaitingChild;

// Long enough for any machine; nothing waits that long unless a test is about to fail.
constexpr auto patience = 60s;

TEST(ProcessTest, IsOpenedByPidAndStartTime) {
    const WaitingChild child;
    const auto id = read_stat(child.pid())->id;
    const auto process = Process::open(id);
    ASSERT_TRUE(process);
    EXPECT_EQ(process->id(), id);
}

TEST(ProcessTest, AnotherStartTimeIsAnotherProcess) {
    const WaitingChild child;
    auto id = read_stat(child.pid())->id;
    ++id.start_time;
    const auto process = Process::open(id);
    ASSERT_FALSE(process);
    EXPECT_EQ(process.error().kind, ErrorKind::not_found);
    EXPECT_EQ(process.error().os_error, ESRCH);
}

TEST(ProcessTest, OpenPidTellsTheStartTime) {
    const WaitingChild child;
    const auto process = Process::open_pid(child.pid());
    ASSERT_TRUE(process);
    EXPECT_EQ(process->id(), read_stat(child.pid())->id);
}

// kill(2) would take these for process groups and for everybody.
TEST(ProcessTest, ZeroAndNegativeNumbersAreNoProcesses) {
    for (const pid_t pid : {0, -1, -::getpid(), std::numeric_limits<pid_t>::min()})
        EXPECT_EQ(Process::open_pid(pid).error().kind, ErrorKind::invalid) << pid;
}

TEST(ProcessTest, ANumberThatNobodyHasIsNotFound) {
    const auto process = Process::open_pid(std::numeric_limits<pid_t>::max());
    ASSERT_FALSE(process);
    EXPECT_EQ(process.error().kind, ErrorKind::not_found);
    EXPECT_EQ(process.error().message, "cannot find process 2147483647: it is gone");
}

TEST(ProcessTest, OneThatHasExitedIsGoneBeforeItIsReaped) {
    WaitingChild child;
    const auto id = read_stat(child.pid())->id;
    child.end();
    child.wait_until_exited();
    EXPECT_EQ(Process::open(id).error().kind, ErrorKind::not_found);
    EXPECT_EQ(Process::open_pid(child.pid()).error().kind, ErrorKind::not_found);
}

TEST(ProcessTest, TheNumberOfAThreadIsNoProcess) {
    pid_t thread_id = 0;
    auto started = make_pipe();
    auto finish = make_pipe();
    ASSERT_TRUE(started && finish);
    std::thread thread([&] {
        char byte = 0;
        thread_id = static_cast<pid_t>(::syscall(SYS_gettid));
        started->write_end.reset();
        EXPECT_EQ(::read(finish->read_end.get(), &byte, 1), 0);
    });
    char byte = 0;
    ASSERT_EQ(::read(started->read_end.get(), &byte, 1), 0);
    EXPECT_EQ(Process::open_pid(thread_id).error().kind, ErrorKind::not_found);
    finish->write_end.reset();
    thread.join();
}

// Its state reads Z then, yet it runs.
TEST(ProcessTest, IsThereUntilItsLastThreadHasEnded) {
    auto finish = make_pipe();
    ASSERT_TRUE(finish);
    const pid_t pid = ::fork();
    if (pid == 0) {
        finish->write_end.reset();
        std::thread([&] {
            char byte = 0;
            const ssize_t got = ::read(finish->read_end.get(), &byte, 1);
            ::_exit(got == 0 ? 0 : 1);
        }).detach();
        ::syscall(SYS_exit, 0);
    }
    while (read_stat(pid)->state != 'Z') std::this_thread::yield();
    const auto process = Process::open_pid(pid);
    EXPECT_TRUE(process);
    finish->write_end.reset();
    EXPECT_EQ(wait_for(pid), 0);
    ASSERT_TRUE(process);
    EXPECT_TRUE(process->wait_gone(patience).value());
}

TEST(ProcessTest, ASignalReachesIt) {
    WaitingChild child;
    const auto process = Process::open_pid(child.pid());
    ASSERT_TRUE(process);
    EXPECT_TRUE(process->signal(SIGTERM));
    EXPECT_EQ(WTERMSIG(child.reap()), SIGTERM);
}

TEST(ProcessTest, SignallingOneThatIsGoneSucceeds) {
    WaitingChild child;
    const auto process = Process::open_pid(child.pid());
    ASSERT_TRUE(process);
    child.end();
    child.reap();
    EXPECT_TRUE(process->signal(SIGTERM));
}

TEST(ProcessTest, ASignalThatDoesNotExistIsAnError) {
    const WaitingChild child;
    const auto sent = Process::open_pid(child.pid())->signal(1000);
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().kind, ErrorKind::invalid);
}

TEST(ProcessTest, WaitGoneTellsWhetherItHasExited) {
    WaitingChild child;
    const auto process = Process::open_pid(child.pid());
    ASSERT_TRUE(process);
    EXPECT_FALSE(process->wait_gone(0ms).value());
    EXPECT_FALSE(process->wait_gone(10ms).value());
    child.end();
    EXPECT_TRUE(process->wait_gone(patience).value());
}

TEST(ProcessTest, WaitingOnWhatIsNotOpenIsAnError) {
    EXPECT_EQ(wait_exited(1'000'000, 0ms).error().os_error, EBADF);
}

}  // namespace
}  // namespace comar
