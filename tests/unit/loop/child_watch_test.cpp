// SPDX-License-Identifier: MIT
#include "loop/child_watch.h"

#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/prctl.h>
#include <sys/wait.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include "os/pipe.h"
#include "os/proc_scan.h"

namespace comar {
namespace {

pid_t child_that_exits(int code) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(code);
    return child;
}

/// Returns when the child is a zombie, and leaves it one.
void wait_for_zombie(pid_t child) {
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
}

class ChildWatchTest : public testing::Test {
protected:
    ChildWatch watch(ChildWatch::Callback others = {}) {
        return std::move(ChildWatch::create(loop_, std::move(others))).value();
    }

    Loop loop_ = std::move(Loop::create()).value();
};

TEST_F(ChildWatchTest, TellsTheExitCode) {
    auto children = watch();
    std::optional<ReapedChild> seen;
    const pid_t child = child_that_exits(3);
    wait_for_zombie(child);  // even an exit before the registration is not missed
    children.on_exit(child, [&](const ReapedChild& reaped) {
        seen = reaped;
        loop_.quit(0);
    });
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(seen->pid, child);
    EXPECT_EQ(seen->status, (ExitStatus{.code = 3, .signal = 0}));
    EXPECT_EQ(::waitpid(child, nullptr, WNOHANG), -1) << "it was reaped";
}

TEST_F(ChildWatchTest, TellsTheSignal) {
    auto children = watch();
    std::optional<ReapedChild> seen;
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGTERM, SIG_DFL);
        ::raise(SIGTERM);
        ::_exit(99);
    }
    children.on_exit(child, [&](const ReapedChild& reaped) {
        seen = reaped;
        loop_.quit(0);
    });
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(seen->status, (ExitStatus{.code = 0, .signal = SIGTERM}));
}

TEST_F(ChildWatchTest, FindsManyExitsBehindOneSignal) {
    constexpr int count = 50;
    auto children = watch();
    std::map<pid_t, int> codes;
    std::vector<pid_t> pids;
    for (int code = 0; code < count; ++code) pids.push_back(child_that_exits(code));
    for (const pid_t pid : pids) {
        wait_for_zombie(pid);
        children.on_exit(pid, [&](const ReapedChild& reaped) {
            EXPECT_TRUE(codes.emplace(reaped.pid, reaped.status.code).second);
            if (codes.size() == count) loop_.quit(0);
        });
    }
    ASSERT_TRUE(loop_.run());
    for (int code = 0; code < count; ++code)
        EXPECT_EQ(codes.at(pids[static_cast<std::size_t>(code)]), code);
}

TEST_F(ChildWatchTest, FindsChildrenThatExitedBeforeIt) {
    const pid_t child = child_that_exits(0);
    wait_for_zombie(child);
    // As if the signal had come before comard blocked it.
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    const timespec at_once{};
    ::sigtimedwait(&set, nullptr, &at_once);

    pid_t seen = 0;
    auto children = watch([&](const ReapedChild& reaped) {
        seen = reaped.pid;
        loop_.quit(0);
    });
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(seen, child);
}

TEST_F(ChildWatchTest, OrphansGoToTheOthers) {
    ASSERT_TRUE(become_subreaper());
    auto pipe = std::move(make_pipe()).value();
    const pid_t parent = ::fork();
    if (parent == 0) {
        const pid_t orphan = ::fork();
        if (orphan == 0) ::_exit(8);
        const auto written = ::write(pipe.write_end.get(), &orphan, sizeof orphan);
        ::_exit(written == sizeof orphan ? 0 : 1);
    }
    pid_t orphan = 0;
    ASSERT_EQ(::read(pipe.read_end.get(), &orphan, sizeof orphan), static_cast<int>(sizeof orphan));

    std::optional<ReapedChild> adopted;
    bool parent_gone = false;
    const auto end_when_both_are_seen = [&] {
        if (adopted && parent_gone) loop_.quit(0);
    };
    auto children = watch([&](const ReapedChild& reaped) {
        adopted = reaped;
        end_when_both_are_seen();
    });
    children.on_exit(parent, [&](const ReapedChild&) {
        parent_gone = true;
        end_when_both_are_seen();
    });
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(adopted->pid, orphan);
    EXPECT_EQ(adopted->status.code, 8);
    ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

TEST_F(ChildWatchTest, AForgottenChildGoesToTheOthers) {
    pid_t seen = 0;
    auto children = watch([&](const ReapedChild& reaped) {
        seen = reaped.pid;
        loop_.quit(0);
    });
    const pid_t child = child_that_exits(0);
    children.on_exit(child, [&](const ReapedChild&) { FAIL(); });
    children.forget(child);
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(seen, child);
}

TEST_F(ChildWatchTest, AnExitThatSomebodyElseSawIsToldOnce) {
    std::vector<int> seen;
    auto children = watch([&](const ReapedChild& reaped) { seen.push_back(-reaped.status.code); });
    const ReapedChild gone{.pid = 4'000'000, .status = {.code = 6, .signal = 0}};
    children.on_exit(gone.pid,
                     [&](const ReapedChild& reaped) { seen.push_back(reaped.status.code); });
    children.tell(gone);
    children.tell(gone);
    EXPECT_EQ(seen, (std::vector<int>{6, -6}));
}

TEST_F(ChildWatchTest, ExitsThatNobodyAwaitedAreKnownByTheirGroupOnce) {
    const std::map<int, std::string> groups{{1, "/a"}, {2, "/a/below"}, {3, "/ab"}, {4, "/a"}};
    std::map<pid_t, std::string> group_of;
    std::uint64_t start = 0;
    std::size_t left = groups.size();
    const auto count = [&](const ReapedChild&) {
        if (--left == 0) loop_.quit(0);
    };
    const auto find_group = [&](pid_t pid) { return group_of.at(pid); };
    auto children = std::move(ChildWatch::create(loop_, count, find_group)).value();
    for (const auto& [code, group] : groups) {
        const pid_t child = child_that_exits(code);
        wait_for_zombie(child);
        group_of[child] = group;
        start = read_stat(child)->id.start_time;
        if (code == 4) children.on_exit(child, count);
    }
    ASSERT_TRUE(loop_.run());
    EXPECT_TRUE(children.take_unclaimed_of("/a", start + 1).empty());
    auto codes = children.take_unclaimed_of("/a", 0);
    ASSERT_EQ(codes.size(), 2U);
    EXPECT_EQ(codes[0].code + codes[1].code, 3);
    EXPECT_TRUE(children.take_unclaimed_of("/a", 0).empty());
    EXPECT_EQ(children.take_unclaimed_of("/ab", 0).size(), 1U);
}

TEST_F(ChildWatchTest, ACallBackMaySpawnTheNextChild) {
    auto children = watch();
    int generations = 0;
    std::function<void(const ReapedChild&)> again = [&](const ReapedChild&) {
        if (++generations == 3)
            loop_.quit(0);
        else
            children.on_exit(child_that_exits(0), again);
    };
    children.on_exit(child_that_exits(0), again);
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(generations, 3);
}

TEST_F(ChildWatchTest, DestroyedInsideACallBackItTellsNoMore) {
    std::optional<ChildWatch> children = watch();
    int calls = 0;
    for (int count = 0; count < 2; ++count) {
        const pid_t child = child_that_exits(0);
        wait_for_zombie(child);
        children->on_exit(child, [&](const ReapedChild&) {
            ++calls;
            children.reset();
            loop_.defer([&] { loop_.quit(0); });
        });
    }
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace comar
