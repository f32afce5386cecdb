// SPDX-License-Identifier: MIT
#include "os/spawn.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>

#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "os/pipe.h"
#include "os/proc_scan.h"
#include "os/read_file.h"
#include "os/reap.h"
#include "unit/os/child_process.h"
#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

using namespace std::chrono_literals;
using test::holds_in_child;
using test::TemporaryFolder;

constexpr auto patience = 60s;
constexpr uid_t somebody = 65534;
constexpr std::size_t most_output = 1'000'000;

SpawnRequest request_for(std::vector<std::string> arguments) {
    SpawnRequest request;
    request.arguments = std::move(arguments);
    return request;
}

SpawnRequest shell(const std::string& commands) { return request_for({"/bin/sh", "-c", commands}); }

struct Ended {
    std::string output;
    ExitStatus status;
};

/// Starts a program, and waits for it and for its output.
Result<Ended> run(SpawnRequest request) {
    auto pipe = make_pipe();
    if (!pipe) return Failure(pipe.error());
    request.output = pipe->write_end.get();
    const auto child = spawn(request);
    pipe->write_end.reset();
    if (!child) return Failure(child.error());
    const auto output = read_up_to(pipe->read_end.get(), most_output, "output");
    if (!output) return Failure(output.error());
    static_cast<void>(wait_exited(child->pidfd.get(), patience));
    const auto status = reap(child->pidfd.get());
    if (!status) return Failure(status.error());
    return Ended{.output = *output, .status = status->value_or(ExitStatus{.code = -1})};
}

std::string output_of(const SpawnRequest& request) {
    const auto ended = run(request);
    return ended ? ended->output : ended.error().message;
}

std::string error_of(const SpawnRequest& request) {
    const auto child = spawn(request);
    if (!child) return child.error().message;
    static_cast<void>(wait_exited(child->pidfd.get(), patience));
    static_cast<void>(reap(child->pidfd.get()));
    return "";
}

bool has_no_children() { return reap_children().empty() && children(::getpid())->empty(); }

/// In a process of its own, for the test program may have been left others by other tests.
bool leaves_no_child(const SpawnRequest& request) {
    return holds_in_child([&] { return !spawn(request) && has_no_children(); });
}

TEST(SpawnTest, TheExitCodeIsTheProgramsOwn) {
    EXPECT_EQ(run(shell("exit 7")).value().status, (ExitStatus{.code = 7, .signal = 0}));
    EXPECT_EQ(run(shell("kill -9 $$")).value().status, (ExitStatus{.code = 0, .signal = SIGKILL}));
}

TEST(SpawnTest, ArgumentsArriveAsTheyAre) {
    EXPECT_EQ(output_of(request_for({"/usr/bin/printf", "%s|", "a b", "", "$HOME", "\xff"})),
              "a b||$HOME|\xff|");
}

TEST(SpawnTest, TheChildIsNamedByPidAndStartTime) {
    auto input = make_pipe();
    ASSERT_TRUE(input);
    auto request = request_for({"/bin/cat"});
    request.input = input->read_end.get();
    const auto child = spawn(request);
    ASSERT_TRUE(child);
    EXPECT_EQ(read_stat(child->id.pid).value().id, child->id);
    EXPECT_TRUE(executes(read_executable(child->id.pid).value().identity, "/bin/cat"));
    EXPECT_EQ(::fcntl(child->pidfd.get(), F_GETFD), FD_CLOEXEC);
    input->write_end.reset();
    EXPECT_TRUE(wait_exited(child->pidfd.get(), patience).value());
    EXPECT_TRUE(reap(child->pidfd.get()).value()->clean());
}

// --- environment and place ----------------------------------------------------------------------

TEST(SpawnTest, TheEnvironmentIsOursUnlessItIsGiven) {
    ::setenv("COMAR_TEST_VARIABLE", "ours", 1);
    auto request = request_for({"/usr/bin/env"});
    EXPECT_NE(output_of(request).find("COMAR_TEST_VARIABLE=ours\n"), std::string::npos);
    request.environment = {"A=1", "B=two words"};
    EXPECT_EQ(output_of(request), "A=1\nB=two words\n");
    request.environment.emplace();
    EXPECT_EQ(output_of(request), "");
    ::unsetenv("COMAR_TEST_VARIABLE");
}

TEST(SpawnTest, ItStartsInTheFolderThatIsNamed) {
    const TemporaryFolder folder;
    auto request = request_for({"/bin/pwd"});
    EXPECT_EQ(output_of(request), std::filesystem::current_path().string() + "\n");
    request.directory = folder.path();
    EXPECT_EQ(output_of(request), folder.path() + "\n");
}

TEST(SpawnTest, ANameWithoutASlashIsSearchedForInTheChildsPath) {
    const TemporaryFolder folder;
    const auto program = folder.write("second/program", "#!/bin/sh\necho found\n");
    ASSERT_EQ(::chmod(program.c_str(), 0755), 0);
    auto request = request_for({"program"});
    request.environment = {"PATH=" + (folder / "none") + ":" + program + ":" + (folder / "second")};
    EXPECT_EQ(output_of(request), "found\n");
    request.environment = {"PATH="};
    EXPECT_EQ(output_of(request), "cannot start program: No such file or directory");
    request.directory = folder / "second";
    EXPECT_EQ(output_of(request), "found\n");
}

TEST(SpawnTest, WithoutAPathTheUsualFoldersAreSearched) {
    auto request = request_for({"true"});
    request.environment.emplace();
    EXPECT_EQ(error_of(request), "");
}

TEST(SpawnTest, AProgramThatMayNotBeExecutedIsToldBeforeOneThatIsMissing) {
    const TemporaryFolder folder;
    folder.write("first/program", "x");
    auto request = request_for({"program"});
    request.environment = {"PATH=" + (folder / "first") + ":" + (folder / "none")};
    EXPECT_EQ(error_of(request), "cannot start program: Permission denied");
}

// --- descriptors --------------------------------------------------------------------------------

TEST(SpawnTest, InputIsEmptyUnlessItIsGiven) {
    EXPECT_EQ(output_of(shell("readlink /proc/$$/fd/0; cat")), "/dev/null\n");
}

TEST(SpawnTest, NothingElseIsOpenInTheChild) {
    const UniqueFd without_flag(::open("/dev/null", O_RDONLY));
    const UniqueFd high(::fcntl(without_flag.get(), F_DUPFD, 700));
    ASSERT_TRUE(high);
    EXPECT_EQ(output_of(shell("ls /proc/$$/fd")), "0\n1\n2\n");
}

TEST(SpawnTest, DescriptorsGetTheNumbersThatAreAsked) {
    const TemporaryFolder folder;
    const UniqueFd a(::open(folder.write("a", "").c_str(), O_RDONLY | O_CLOEXEC));
    const UniqueFd b(::open(folder.write("b", "").c_str(), O_RDONLY | O_CLOEXEC));
    auto request = shell("cd /proc/$$/fd; ls .; readlink 3 9");
    request.descriptors = {{a.get(), 9}, {b.get(), 3}};
    EXPECT_EQ(output_of(request),
              "0\n1\n2\n3\n9\n" + (folder / "b") + "\n" + (folder / "a") + "\n");
}

TEST(SpawnTest, DescriptorsCanTradePlaces) {
    const TemporaryFolder folder;
    const UniqueFd a(::open(folder.write("a", "").c_str(), O_RDONLY | O_CLOEXEC));
    const UniqueFd b(::open(folder.write("b", "").c_str(), O_RDONLY | O_CLOEXEC));
    auto request = shell("readlink /proc/$$/fd/" + std::to_string(a.get()) + " /proc/$$/fd/" +
                         std::to_string(b.get()));
    request.descriptors = {{a.get(), b.get()}, {b.get(), a.get()}};
    EXPECT_EQ(output_of(request), (folder / "b") + "\n" + (folder / "a") + "\n");
}

TEST(SpawnTest, StandardStreamsCanTradePlaces) {
    auto out = make_pipe();
    auto err = make_pipe();
    ASSERT_TRUE(out && err);
    EXPECT_TRUE(holds_in_child([&] {
        if (::dup2(out->write_end.get(), 2) < 0 || ::dup2(err->write_end.get(), 1) < 0)
            return false;
        auto request = shell("echo to-out; echo to-err >&2");
        request.output = 2;
        request.error = 1;
        return error_of(request).empty();
    }));
    out->write_end.reset();
    err->write_end.reset();
    EXPECT_EQ(read_up_to(out->read_end.get(), 100, "out"), "to-out\n");
    EXPECT_EQ(read_up_to(err->read_end.get(), 100, "err"), "to-err\n");
}

/// The numbers of all fds that a process has.
std::set<std::string> open_in(pid_t pid) {
    std::set<std::string> numbers;
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd"))
        numbers.insert(entry.path().filename());
    return numbers;
}

bool has_a_pipe(pid_t pid) {
    const auto folder = "/proc/" + std::to_string(pid) + "/fd/";
    const auto numbers = open_in(pid);
    return std::any_of(numbers.begin(), numbers.end(), [&](const std::string& number) {
        std::error_code closed_meanwhile;
        const auto target = std::filesystem::read_symlink(folder + number, closed_meanwhile);
        return target.string().starts_with("pipe:");
    });
}

// The descriptors that spawn() opens for itself get their numbers then.
TEST(SpawnTest, ThatOurStandardStreamsAreClosedIsNoTrouble) {
    EXPECT_TRUE(holds_in_child([] {
        for (const int fd : {0, 1, 2}) ::close(fd);
        auto request = request_for({"/bin/sleep", "1000"});
        request.parent_death_signal = SIGKILL;
        const auto child = spawn(request);
        if (!child) return false;
        const auto input =
            std::filesystem::read_symlink("/proc/" + std::to_string(child->id.pid) + "/fd/0");
        const bool passed_on = has_a_pipe(child->id.pid);
        const auto process = Process::open(child->id);
        return process && process->signal(SIGKILL) && process->wait_gone(patience) &&
               reap(process->pidfd()) && input == "/dev/null" && !passed_on;
    }));
}

TEST(SpawnTest, NothingIsLeftOpenHere) {
    const auto before = open_in(::getpid());
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(error_of(request_for({"/bin/true"})), "");
        EXPECT_NE(error_of(request_for({"/none"})), "");
    }
    EXPECT_EQ(open_in(::getpid()), before);
}

// --- signals ------------------------------------------------------------------------------------

TEST(SpawnTest, NoSignalIsBlockedIgnoredOrCaught) {
    EXPECT_TRUE(holds_in_child([] {
        ::signal(SIGHUP, SIG_IGN);
        ::signal(SIGPIPE, SIG_IGN);
        ::signal(SIGUSR2, [](int) {});
        sigset_t blocked;
        ::sigemptyset(&blocked);
        ::sigaddset(&blocked, SIGTERM);
        ::sigaddset(&blocked, SIGRTMIN);
        ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
        const auto status = output_of(request_for({"/bin/cat", "/proc/self/status"}));
        sigset_t after;
        ::sigprocmask(SIG_BLOCK, nullptr, &after);
        struct sigaction action{};
        ::sigaction(SIGHUP, nullptr, &action);
        return status.find(
                   "\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
                   "SigCgt:\t0000000000000000\n") != std::string::npos &&
               ::sigismember(&after, SIGTERM) == 1 && ::sigismember(&after, SIGUSR1) == 0 &&
               action.sa_handler == SIG_IGN;
    }));
}

TEST(SpawnTest, AProgramCanBeStartedWhileChildrenAreIgnored) {
    EXPECT_TRUE(holds_in_child([] {
        ::signal(SIGCHLD, SIG_IGN);
        const auto child = spawn(request_for({"/bin/true"}));
        const auto failed = spawn(request_for({"/none"}));
        return child && wait_exited(child->pidfd.get(), patience).value_or(false) && !failed;
    }));
}

TEST(SpawnTest, TheChildEndsWithItsParentWhereThatIsAsked) {
    EXPECT_TRUE(holds_in_child([] {
        auto input = make_pipe();
        auto ids = make_pipe();
        if (!become_subreaper()) return false;
        const pid_t parent = ::fork();
        if (parent == 0) {
            auto request = request_for({"/bin/cat"});
            request.input = input->read_end.get();
            request.parent_death_signal = SIGKILL;
            const auto child = spawn(request);
            const auto written =
                child ? ::write(ids->write_end.get(), &child->id, sizeof child->id) : -1;
            ::_exit(written == sizeof child->id ? 0 : 1);
        }
        if (test::wait_for(parent) != 0) return false;
        ProcessId id;
        if (::read(ids->read_end.get(), &id, sizeof id) != sizeof id) return false;
        const auto pidfd = open_pidfd(id.pid);
        if (!pidfd || !wait_exited(pidfd->get(), patience).value_or(false)) return false;
        return reap(pidfd->get()).value() == ExitStatus{.code = 0, .signal = SIGKILL};
    }));
}

// Its parent is then not the one that waits for it here, so we must reap it ourselves.
TEST(SpawnTest, ASiblingIsAChildOfOurParent) {
    auto input = make_pipe();
    auto ids = make_pipe();
    ASSERT_TRUE(input && ids);
    EXPECT_TRUE(holds_in_child([&] {
        auto request = request_for({"/bin/cat"});
        request.input = input->read_end.get();
        request.sibling = true;
        request.parent_death_signal = SIGKILL;
        const auto child = spawn(request);
        return child &&
               ::write(ids->write_end.get(), &child->id, sizeof child->id) == sizeof child->id;
    }));
    ProcessId id;
    ASSERT_EQ(::read(ids->read_end.get(), &id, sizeof id), static_cast<ssize_t>(sizeof id));
    const auto process = Process::open(id);
    ASSERT_TRUE(process) << process.error().message;
    EXPECT_EQ(read_stat(id.pid)->parent, ::getpid());
    input->write_end.reset();
    EXPECT_TRUE(process->wait_gone(patience).value());
    EXPECT_TRUE(reap(process->pidfd()).value()->clean());
}

// --- what it is ---------------------------------------------------------------------------------

TEST(SpawnTest, ANewSessionIsItsOwn) {
    auto input = make_pipe();
    ASSERT_TRUE(input);
    auto request = request_for({"/bin/cat"});
    request.input = input->read_end.get();
    request.new_session = true;
    const auto child = spawn(request);
    ASSERT_TRUE(child);
    const auto stat = read_stat(child->id.pid).value();
    EXPECT_EQ(stat.session, child->id.pid);
    EXPECT_EQ(stat.group, child->id.pid);
    input->write_end.reset();
    EXPECT_TRUE(wait_exited(child->pidfd.get(), patience).value());
    EXPECT_TRUE(reap(child->pidfd.get()).value()->clean());
}

TEST(SpawnTest, TheUmaskIsSetInTheChildAlone) {
    const auto before = ::umask(0077);
    auto request = shell("umask");
    EXPECT_EQ(output_of(request), "0077\n");
    request.umask = 0;
    EXPECT_EQ(output_of(request), "0000\n");
    EXPECT_EQ(::umask(before), 0077U);
}

TEST(SpawnTest, NicenessIsAdded) {
    EXPECT_TRUE(holds_in_child([] {
        ::setpriority(PRIO_PROCESS, 0, 5);
        auto request = request_for({"/usr/bin/nice"});
        request.nice = 3;
        return output_of(request) == "8\n" && ::getpriority(PRIO_PROCESS, 0) == 5;
    }));
}

SpawnRequest show_credentials() {
    return request_for({"/bin/grep", "-E", "^(Uid|Gid|Groups):", "/proc/self/status"});
}

TEST(SpawnTest, CredentialsAreTakenWhole) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    auto request = show_credentials();
    request.credentials = Credentials{.uid = 4000000, .gid = 4000001, .groups = {4000002, 5}};
    EXPECT_EQ(output_of(request),
              "Uid:\t4000000\t4000000\t4000000\t4000000\n"
              "Gid:\t4000001\t4000001\t4000001\t4000001\n"
              "Groups:\t5 4000002 \n");
    EXPECT_EQ(::geteuid(), 0U);
    request.credentials = Credentials{.uid = 0, .gid = 0, .groups = {}};
    EXPECT_EQ(output_of(request), "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t \n");
}

TEST(SpawnTest, ThereIsNoWayBackToRoot) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    auto request = request_for({"/bin/grep", "^Cap[PE]", "/proc/self/status"});
    request.credentials = Credentials{.uid = somebody, .gid = somebody, .groups = {}};
    EXPECT_EQ(output_of(request), "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n");
}

TEST(SpawnTest, TheFolderIsEnteredAsTheUser) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    const TemporaryFolder folder;  // mode 0700
    auto request = request_for({"/bin/true"});
    request.directory = folder.path();
    request.credentials = Credentials{.uid = somebody, .gid = somebody, .groups = {}};
    EXPECT_EQ(error_of(request),
              "cannot start /bin/true: cannot enter " + folder.path() + ": Permission denied");
}

/// Runs `check` as an ordinary user.
template <class Check>
bool holds_as_somebody(Check check) {
    return holds_in_child([&] {
        const bool ordinary =
            ::geteuid() != 0 || (::setgid(somebody) == 0 && ::setuid(somebody) == 0);
        return ordinary && check();
    });
}

TEST(SpawnTest, AnOrdinaryUserMayAskForWhatItIs) {
    EXPECT_TRUE(holds_as_somebody([] {
        auto request = request_for({"/bin/true"});
        request.credentials =
            Credentials{.uid = ::getuid(), .gid = ::getgid(), .groups = {1, 2, 3}};
        return error_of(request).empty();
    }));
}

TEST(SpawnTest, AnOrdinaryUserCannotBecomeAnother) {
    EXPECT_TRUE(holds_as_somebody([] {
        auto request = request_for({"/bin/true"});
        request.credentials = Credentials{.uid = 0, .gid = 0, .groups = {0}};
        const auto child = spawn(request);
        return !child && child.error().kind == ErrorKind::denied &&
               child.error().os_error == EPERM &&
               child.error().message ==
                   "cannot start /bin/true: cannot set the supplementary groups of user 0: "
                   "Operation not permitted" &&
               has_no_children();
    }));
}

TEST(SpawnTest, AnOrdinaryUserCannotLowerItsNiceness) {
    EXPECT_TRUE(holds_as_somebody([] {
        const rlimit none{.rlim_cur = 0, .rlim_max = 0};
        ::setrlimit(RLIMIT_NICE, &none);
        auto request = request_for({"/bin/true"});
        request.nice = -5;
        return error_of(request) ==
               "cannot start /bin/true: cannot add -5 to the niceness: Permission denied";
    }));
}

// --- failures -----------------------------------------------------------------------------------

TEST(SpawnTest, AMissingProgramIsNotFound) {
    const auto request = request_for({"/none/program"});
    const auto child = spawn(request);
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().kind, ErrorKind::not_found);
    EXPECT_EQ(child.error().os_error, ENOENT);
    EXPECT_EQ(child.error().message, "cannot start /none/program: No such file or directory");
    EXPECT_TRUE(leaves_no_child(request));
}

TEST(SpawnTest, AMissingInterpreterIsToldApart) {
    const TemporaryFolder folder;
    const auto program = folder.write("program", "#!/none/interpreter\n");
    ASSERT_EQ(::chmod(program.c_str(), 0755), 0);
    EXPECT_EQ(error_of(request_for({program})),
              "cannot start " + program + ": the interpreter that it names does not exist");
}

TEST(SpawnTest, WhatIsNoProgramIsRefused) {
    const TemporaryFolder folder;
    const auto text = folder.write("text", "no program");
    EXPECT_EQ(error_of(request_for({text})), "cannot start " + text + ": Permission denied");
    ASSERT_EQ(::chmod(text.c_str(), 0755), 0);
    EXPECT_EQ(error_of(request_for({text})), "cannot start " + text + ": Exec format error");
    EXPECT_EQ(error_of(request_for({folder.path()})),
              "cannot start " + folder.path() + ": Permission denied");
    EXPECT_TRUE(leaves_no_child(request_for({text})));
}

TEST(SpawnTest, AMissingFolderIsNamed) {
    auto request = request_for({"/bin/true"});
    request.directory = "/none";
    EXPECT_EQ(error_of(request),
              "cannot start /bin/true: cannot enter /none: No such file or directory");
    EXPECT_TRUE(leaves_no_child(request));
}

TEST(SpawnTest, ADescriptorThatIsNotOpenCannotBePassedOn) {
    auto request = request_for({"/bin/true"});
    request.descriptors = {{1'000'000, 5}};
    EXPECT_EQ(error_of(request),
              "cannot start /bin/true: cannot pass on the open files: Bad file descriptor");
    EXPECT_TRUE(leaves_no_child(request));
}

TEST(SpawnTest, WhatIsNoCgroupCannotBeMovedTo) {
    const UniqueFd no_folder(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    auto request = request_for({"/bin/true"});
    request.cgroup = no_folder.get();
    EXPECT_EQ(error_of(request),
              "cannot start /bin/true: cannot move to its cgroup: Not a directory");
    EXPECT_TRUE(leaves_no_child(request));
}

TEST(SpawnTest, AnImpossibleDeathSignalIsTold) {
    auto request = request_for({"/bin/true"});
    request.parent_death_signal = 1000;
    EXPECT_EQ(error_of(request),
              "cannot start /bin/true: cannot tie it to its parent: Invalid argument");
}

TEST(SpawnTest, ARequestThatMakesNoSenseIsRefused) {
    EXPECT_EQ(error_of(request_for({})),
              "cannot start a program: cannot use the request: no program is named");
    const auto is_refused = [](const SpawnRequest& request) {
        const auto child = spawn(request);
        return !child && child.error().kind == ErrorKind::invalid;
    };
    EXPECT_TRUE(is_refused(request_for({""})));
    EXPECT_TRUE(is_refused(request_for({"/bin/true", std::string("a\0b", 3)})));
    auto request = request_for({"/bin/true"});
    request.environment = {std::string("A=\0", 3)};
    EXPECT_TRUE(is_refused(request));
    request = request_for({"/bin/true"});
    request.descriptors = {{0, 3}, {1, 3}};
    EXPECT_TRUE(is_refused(request));
    request.descriptors = {{0, 2}};
    EXPECT_TRUE(is_refused(request));
    request = request_for({"/bin/true"});
    request.credentials = Credentials{.uid = static_cast<uid_t>(-1), .gid = 0, .groups = {}};
    EXPECT_TRUE(is_refused(request));
}

}  // namespace
}  // namespace comar
