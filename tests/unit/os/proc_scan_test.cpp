// SPDX-License-Identifier: MIT
#include "os/proc_scan.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>

#include <sys/prctl.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include "os/reap.h"
#include "os/spawn.h"
#include "unit/os/child_process.h"
#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

using test::holds_in_child;
using test::TemporaryFolder;
using test::WaitingChild;

/// A line of /proc/PID/stat, proc(5): 250 + 50 ticks of CPU.
std::string stat_line(pid_t pid, const std::string& comm, pid_t parent,
                      const std::string& start_time = "4711", char state = 'S') {
    return std::to_string(pid) + " (" + comm + ") " + state + " " + std::to_string(parent) +
           " 20 30 0 -1 4194560 1 2 3 4 250 50 0 0 20 0 1 0 " + start_time +
           " 1000 200 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n";
}

/// A tree like /proc.
class ProcTest : public testing::Test {
protected:
    void add_process(pid_t pid, pid_t parent, const std::string& comm = "program") {
        proc_.write(std::to_string(pid) + "/stat", stat_line(pid, comm, parent));
    }
    Result<ProcessStat> read_line(const std::string& line) {
        proc_.write("10/stat", line);
        return read_stat(10, proc_.path());
    }
    std::vector<pid_t> pids(const Result<std::vector<ProcessId>>& ids) {
        std::vector<pid_t> numbers;
        for (const auto& id : ids.value()) numbers.push_back(id.pid);
        return numbers;
    }

    TemporaryFolder proc_;
};

TEST_F(ProcTest, StatIsReadFieldByField) {
    const auto stat = read_line(stat_line(10, "nginx", 7)).value();
    EXPECT_EQ(stat.id, (ProcessId{.pid = 10, .start_time = 4711}));
    EXPECT_EQ(stat.comm, "nginx");
    EXPECT_EQ(stat.state, 'S');
    EXPECT_EQ(stat.parent, 7);
    EXPECT_EQ(stat.group, 20);
    EXPECT_EQ(stat.session, 30);
    EXPECT_EQ(stat.cpu.count(), 300 * 1'000'000 / ::sysconf(_SC_CLK_TCK));
}

TEST_F(ProcTest, CommMayHoldWhatLooksLikeTheRestOfTheLine) {
    for (const std::string comm : {"", ")", "(", "a b", " ", "x) R 1 2 3", ") S 1", "a\nb",
                                   "((()))", ") Z 1 1 1 0 -1 4", "\xff\x01"}) {
        const auto stat = read_line(stat_line(10, comm, 7));
        ASSERT_TRUE(stat) << comm;
        EXPECT_EQ(stat->comm, comm);
        EXPECT_EQ(stat->parent, 7) << comm;
        EXPECT_EQ(stat->state, 'S') << comm;
        EXPECT_EQ(stat->id.start_time, 4711U) << comm;
    }
}

TEST_F(ProcTest, StartTimesUseAll64Bits) {
    const auto stat = read_line(stat_line(10, "x", 7, "18446744073709551615"));
    EXPECT_EQ(stat.value().id.start_time, 18446744073709551615U);
}

TEST_F(ProcTest, ABrokenStatIsAnErrorThatNamesTheFile) {
    for (const std::string line :
         {"", "\n", "10", "10 (x", "10 x) S", ") (", "10 ()", "10 (x) S 7 20 30",
          "ten (x) S 7 20 30 0 -1 4194560 1 2 3 4 250 50 0 0 20 0 1 0 4711"}) {
        const auto stat = read_line(line);
        ASSERT_FALSE(stat) << line;
        EXPECT_EQ(stat.error().message, "cannot understand " + (proc_ / "10/stat")) << line;
    }
    EXPECT_FALSE(read_line(stat_line(10, "x", 7, "99999999999999999999")));
    EXPECT_FALSE(read_line(stat_line(10, "x", 7, "-1")));
}

TEST_F(ProcTest, AProcessThatIsNotThereIsNotFound) {
    EXPECT_EQ(read_stat(10, proc_.path()).error().kind, ErrorKind::not_found);
    EXPECT_EQ(read_arguments(10, proc_.path()).error().kind, ErrorKind::not_found);
    EXPECT_EQ(children(10, proc_.path()).error().kind, ErrorKind::not_found);
    EXPECT_EQ(descendants(10, proc_.path()).error().kind, ErrorKind::not_found);
}

TEST_F(ProcTest, ArgumentsAreCutAtZeroBytes) {
    proc_.write("10/cmdline", std::string("/bin/x\0\0two words\0", 18));
    EXPECT_EQ(read_arguments(10, proc_.path()),
              (std::vector<std::string>{"/bin/x", "", "two words"}));
}

TEST_F(ProcTest, ArgumentsThatAProgramHasRewrittenNeedNoZeroByte) {
    proc_.write("10/cmdline", "nginx: master process");
    EXPECT_EQ(read_arguments(10, proc_.path()),
              (std::vector<std::string>{"nginx: master process"}));
}

TEST_F(ProcTest, AKernelThreadHasNoArguments) {
    proc_.write("10/cmdline", "");
    EXPECT_EQ(read_arguments(10, proc_.path()), std::vector<std::string>());
}

TEST_F(ProcTest, EndlessArgumentsAreCutOff) {
    proc_.write("10/cmdline", std::string(10'000'000, 'x'));
    const auto arguments = read_arguments(10, proc_.path()).value();
    ASSERT_EQ(arguments.size(), 1U);
    EXPECT_EQ(arguments[0].size(), 64U * 1024U);
}

TEST_F(ProcTest, TheCgroupIsTheLineOfVersion2) {
    proc_.write("10/cgroup", "9:name=systemd:/wrong\n4:memory:/0::/wrong\n0::/comar/my:app\n");
    EXPECT_EQ(read_cgroup(10, proc_.path()), "/comar/my:app");
}

TEST_F(ProcTest, WithoutVersion2ThereIsNoCgroup) {
    proc_.write("10/cgroup", "4:memory:/system\n");
    EXPECT_EQ(read_cgroup(10, proc_.path()).error().kind, ErrorKind::unavailable);
}

TEST_F(ProcTest, UsersAreRealAndEffective) {
    proc_.write("10/status", "Name:\tUid: 5 5\nUmask:\t0022\nUid:\t1000\t4000000000\t0\t0\n");
    const auto user = read_user(10, proc_.path()).value();
    EXPECT_EQ(user.real, 1000U);
    EXPECT_EQ(user.effective, 4000000000U);
}

TEST_F(ProcTest, MemoryIsCountedInPages) {
    proc_.write("10/statm", "1000 25 3 4 0 5 0\n");
    EXPECT_EQ(resident_bytes(10, proc_.path()),
              25U * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
}

TEST_F(ProcTest, OnlyNumbersAreProcesses) {
    proc_.write({{"1/stat", ""}, {"33/stat", ""}, {"self/stat", ""}, {"0/stat", ""}, {"7x/s", ""}});
    auto pids = list_pids(proc_.path()).value();
    std::sort(pids.begin(), pids.end());
    EXPECT_EQ(pids, (std::vector<pid_t>{1, 33}));
}

TEST_F(ProcTest, ChildrenOfAllThreadsAreFound) {
    add_process(10, 1);
    add_process(11, 10);
    add_process(12, 10);
    proc_.write({{"10/task/10/children", "11 "}, {"10/task/15/children", "12 "}});
    auto found = pids(children(10, proc_.path()));
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, (std::vector<pid_t>{11, 12}));
}

TEST_F(ProcTest, AListedChildThatIsAnothersByNowIsLeftOut) {
    add_process(10, 1);
    add_process(11, 99);
    proc_.write("10/task/10/children", "11 12 ");
    EXPECT_TRUE(children(10, proc_.path()).value().empty());
}

TEST_F(ProcTest, WithoutListsAllProcessesAreAskedForTheirParent) {
    add_process(10, 1);
    add_process(11, 10, ") S 1");
    add_process(12, 1);
    proc_.write("10/task/10/stat", "");
    EXPECT_EQ(pids(children(10, proc_.path())), (std::vector<pid_t>{11}));
}

TEST_F(ProcTest, DescendantsComeAfterTheirParents) {
    add_process(10, 1);
    add_process(13, 10);
    add_process(12, 13);
    add_process(11, 12);
    add_process(20, 1);
    EXPECT_EQ(pids(descendants(10, proc_.path())), (std::vector<pid_t>{13, 12, 11}));
}

// What the kernel shows changes while it is read.
TEST_F(ProcTest, DescendantsInACircleComeToAnEnd) {
    add_process(10, 11);
    add_process(11, 10);
    EXPECT_EQ(pids(descendants(10, proc_.path())), (std::vector<pid_t>{11}));
}

TEST(ProcScanTest, TellsTheTruthAboutThisProcess) {
    const auto stat = read_stat(::getpid()).value();
    EXPECT_EQ(stat.id.pid, ::getpid());
    EXPECT_EQ(stat.parent, ::getppid());
    EXPECT_EQ(stat.group, ::getpgrp());
    EXPECT_EQ(stat.session, ::getsid(0));
    EXPECT_EQ(read_user(::getpid()).value().effective, ::geteuid());
    EXPECT_GT(resident_bytes(::getpid()).value(), 100'000U);
    const auto executable = read_executable(::getpid()).value();
    EXPECT_EQ(executable.path, std::filesystem::read_symlink("/proc/self/exe").string());
    EXPECT_TRUE(executes(executable.identity, executable.path));
}

TEST(ProcScanTest, ANameChosenToDeceiveIsReadAsItIs) {
    EXPECT_TRUE(holds_in_child([] {
        ::prctl(PR_SET_NAME, ") Z 1 (\n x");
        const auto stat = read_stat(::getpid());
        return stat && stat->comm == ") Z 1 (\n x" && stat->parent == ::getppid() &&
               stat->state == 'R' && read_user(::getpid())->effective == ::geteuid();
    }));
}

TEST(ProcScanTest, ChildrenAreFoundAndZombiesAreAmongThem) {
    const WaitingChild running;
    WaitingChild exited;
    exited.end();
    exited.wait_until_exited();
    const auto found = children(::getpid()).value();
    std::vector<pid_t> pids;
    for (const auto& id : found) pids.push_back(id.pid);
    EXPECT_NE(std::find(pids.begin(), pids.end(), running.pid()), pids.end());
    EXPECT_NE(std::find(pids.begin(), pids.end(), exited.pid()), pids.end());
}

/// A daemon as they are: it forks, and its parent exits. The shell's `cat` runs until its input,
/// the other end of which we hold, is closed.
std::optional<Child> spawn_daemon(const UniqueFd& input) {
    auto child = spawn({.arguments = {"/bin/sh", "-c", "cat <&3 & exit 0"},
                        .environment = {},
                        .directory = {},
                        .descriptors = {{input.get(), 3}},
                        .umask = {},
                        .nice = {},
                        .credentials = {},
                        .parent_death_signal = {}});
    if (!child) return std::nullopt;
    return std::move(*child);
}

TEST(ProcScanTest, OrphansOfASubreaperAreItsDescendants) {
    EXPECT_TRUE(holds_in_child([] {
        auto input = make_pipe();
        if (!input || !become_subreaper()) return false;
        const auto shell = spawn_daemon(input->read_end);
        if (!shell || !wait_exited(shell->pidfd.get(), std::chrono::seconds(60)).value_or(false) ||
            !reap(shell->pidfd.get()))
            return false;
        const auto found = descendants(::getpid());
        if (!found || found->size() != 1) return false;
        const auto orphan = Process::open(found->front());
        input->write_end.reset();
        return orphan && orphan->wait_gone(std::chrono::seconds(60)).value_or(false) &&
               reap_children().size() == 1;
    }));
}

class MatchTest : public testing::Test {
protected:
    MatchTest() : program_(folder_.write("program", "x")), other_(folder_.write("other", "y")) {}

    bool matches(const std::vector<std::string>& arguments, const std::string& executable,
                 const std::string& command) {
        const auto identity = identify_file(executable);
        return matches_command(arguments, identity ? &*identity : nullptr, command);
    }

    TemporaryFolder folder_;
    std::string program_;
    std::string other_;
};

TEST_F(MatchTest, TheFirstArgumentIsCompared) {
    EXPECT_TRUE(matches({"/usr/bin/x", "a"}, other_, "/usr/bin/x"));
    EXPECT_FALSE(matches({"/usr/bin/xy"}, other_, "/usr/bin/x"));
    EXPECT_FALSE(matches({"x"}, other_, "/usr/bin/x"));
    EXPECT_FALSE(matches({"/usr/bin/x "}, other_, "/usr/bin/x"));
}

TEST_F(MatchTest, TheOtherArgumentsAreNot) {
    EXPECT_FALSE(matches({"vi", "/usr/bin/x"}, other_, "/usr/bin/x"));
}

TEST_F(MatchTest, TheExecutableCountsWhateverTheArgumentsSay) {
    EXPECT_TRUE(matches({"nginx: master process"}, program_, program_));
    EXPECT_TRUE(matches({}, program_, program_));
    EXPECT_FALSE(matches({"nginx: master process"}, other_, program_));
}

TEST_F(MatchTest, TheExecutableIsTheSameUnderAnyName) {
    std::filesystem::create_symlink("program", folder_ / "link");
    EXPECT_TRUE(matches({"y"}, program_, folder_ / "link"));
}

TEST_F(MatchTest, ACopyIsAnotherExecutable) {
    std::filesystem::copy_file(program_, folder_ / "copy");
    EXPECT_FALSE(matches({"y"}, folder_ / "copy", program_));
}

TEST_F(MatchTest, NothingMatchesNothing) {
    EXPECT_FALSE(matches({}, folder_ / "none", ""));
    EXPECT_FALSE(matches({""}, folder_ / "none", ""));
    EXPECT_FALSE(matches({}, folder_ / "none", program_));
    EXPECT_FALSE(matches({}, program_, folder_ / "none"));
}

}  // namespace
}  // namespace comar
