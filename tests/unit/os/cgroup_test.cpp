// SPDX-License-Identifier: MIT
#include "os/cgroup.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "os/pipe.h"
#include "os/proc_scan.h"
#include "os/reap.h"
#include "os/spawn.h"
#include "unit/os/child_process.h"
#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::TemporaryFolder;
using test::WaitingChild;

constexpr auto patience = 60s;

/// A folder that looks like a cgroup.
class FakeCgroupTest : public testing::Test {
protected:
    FakeCgroupTest() { fs::create_directory(folder_ / "app"); }

    Cgroup cgroup() { return Cgroup::create(folder_.path(), "app").value(); }

    TemporaryFolder folder_;
};

TEST_F(FakeCgroupTest, IsMadeWhereItWasNot) {
    const auto made = Cgroup::create(folder_.path(), "new");
    ASSERT_TRUE(made);
    EXPECT_EQ(made->path(), folder_ / "new");
    EXPECT_TRUE(fs::is_directory(folder_ / "new"));
}

TEST_F(FakeCgroupTest, OneThatIsThereIsTaken) { EXPECT_EQ(cgroup().path(), folder_ / "app"); }

TEST_F(FakeCgroupTest, ANameThatLeadsElsewhereIsRefused) {
    for (const std::string& name :
         {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("/"),
          std::string("../x"), std::string("a\0b", 3)})
        EXPECT_EQ(Cgroup::create(folder_.path(), name).error().kind, ErrorKind::invalid) << name;
}

TEST_F(FakeCgroupTest, WhatIsNoFolderIsNoCgroup) {
    folder_.write("file", "");
    fs::create_directory_symlink("app", folder_ / "link");
    EXPECT_EQ(Cgroup::create(folder_.path(), "file").error().os_error, ENOTDIR);
    EXPECT_EQ(Cgroup::open(folder_ / "link").error().os_error, ENOTDIR);
    EXPECT_EQ(Cgroup::open(folder_ / "none").error().kind, ErrorKind::not_found);
}

TEST_F(FakeCgroupTest, ErrorsNameThePath) {
    EXPECT_EQ(Cgroup::create(folder_ / "none", "app").error().message,
              "cannot create cgroup " + (folder_ / "none/app") + ": No such file or directory");
    EXPECT_EQ(cgroup().populated().error().message,
              "cannot open " + (folder_ / "app/cgroup.events") + ": No such file or directory");
}

TEST_F(FakeCgroupTest, ProcessesBelowAreItsOwn) {
    folder_.write({{"app/cgroup.procs", "11\n12\n"},
                   {"app/a/cgroup.procs", "13\n"},
                   {"app/a/b/cgroup.procs", "14\n0\n"}});
    auto pids = cgroup().processes().value();
    std::sort(pids.begin(), pids.end());
    EXPECT_EQ(pids, (std::vector<pid_t>{11, 12, 13, 14}));
    EXPECT_TRUE(cgroup().contains(14).value());
    EXPECT_FALSE(cgroup().contains(1).value());
}

TEST_F(FakeCgroupTest, OneThatIsGoneIsNotFound) {
    const auto gone = cgroup();
    fs::remove(folder_ / "app");
    EXPECT_EQ(gone.processes().error().kind, ErrorKind::not_found);
    EXPECT_EQ(gone.populated().error().kind, ErrorKind::not_found);
    EXPECT_EQ(gone.memory_bytes().error().kind, ErrorKind::not_found);
    EXPECT_EQ(gone.add(0).error().kind, ErrorKind::not_found);
    EXPECT_TRUE(gone.kill());
    EXPECT_TRUE(gone.remove());
}

TEST_F(FakeCgroupTest, NumbersAreFoundAmongOthers) {
    folder_.write({{"app/cgroup.events", "frozen 0\npopulated 1\n"},
                   {"app/cpu.stat", "nr_periods 5\nusage_usec 123456\nuser_usec 1\n"},
                   {"app/memory.current", "4096\n"}});
    EXPECT_TRUE(cgroup().populated().value());
    EXPECT_EQ(cgroup().cpu_time().value(), 123456us);
    EXPECT_EQ(cgroup().memory_bytes().value(), 4096U);
}

TEST_F(FakeCgroupTest, FilesThatSayNothingAreErrors) {
    folder_.write({{"app/cgroup.events", "frozen 0\n"},
                   {"app/cpu.stat", ""},
                   {"app/memory.current", "max\n"}});
    EXPECT_FALSE(cgroup().populated());
    EXPECT_EQ(cgroup().cpu_time().error().message,
              "cannot understand " + (folder_ / "app/cpu.stat"));
    EXPECT_FALSE(cgroup().memory_bytes());
}

TEST_F(FakeCgroupTest, WithoutTheControllerMemoryIsNotKnown) {
    EXPECT_EQ(cgroup().memory_bytes().error().kind, ErrorKind::unavailable);
}

TEST_F(FakeCgroupTest, WithoutCgroupKillEachProcessIsKilled) {
    WaitingChild outer;
    WaitingChild inner;
    WaitingChild stranger(3);
    folder_.write({{"app/cgroup.procs", std::to_string(outer.pid()) + "\n"},
                   {"app/below/cgroup.procs", std::to_string(inner.pid()) + "\n"}});
    EXPECT_TRUE(cgroup().kill());
    EXPECT_EQ(WTERMSIG(outer.reap()), SIGKILL);
    EXPECT_EQ(WTERMSIG(inner.reap()), SIGKILL);
    stranger.end();
    EXPECT_EQ(WEXITSTATUS(stranger.reap()), 3);
}

TEST_F(FakeCgroupTest, CgroupKillIsUsedWhereItIs) {
    WaitingChild child(3);
    folder_.write(
        {{"app/cgroup.procs", std::to_string(child.pid()) + "\n"}, {"app/cgroup.kill", ""}});
    EXPECT_TRUE(cgroup().kill());
    EXPECT_EQ(test::content_of(folder_ / "app/cgroup.kill"), "1");
    child.end();
    EXPECT_EQ(WEXITSTATUS(child.reap()), 3);
}

TEST_F(FakeCgroupTest, IsRemovedWithAllBelow) {
    fs::create_directories(folder_ / "app/a/b");
    fs::create_directories(folder_ / "app/c");
    EXPECT_TRUE(cgroup().remove());
    EXPECT_FALSE(fs::exists(folder_ / "app"));
}

TEST_F(FakeCgroupTest, OneInUseIsNotRemoved) {
    folder_.write("app/a/in-use", "");
    const auto removed = cgroup().remove();
    ASSERT_FALSE(removed);
    EXPECT_EQ(removed.error().kind, ErrorKind::busy);
    EXPECT_EQ(removed.error().message,
              "cannot remove cgroup " + (folder_ / "app/a") + ": Directory not empty");
}

/// The kernel's own.
class RealCgroupTest : public testing::Test {
protected:
    void SetUp() override {
        const auto own = own_cgroup_folder();
        if (!own) GTEST_SKIP() << own.error().message;
        auto made = Cgroup::create(*own, "comar-test-" + std::to_string(::getpid()));
        if (!made) GTEST_SKIP() << made.error().message;
        cgroup_.emplace(std::move(*made));
    }
    void TearDown() override {
        if (!cgroup_) return;
        EXPECT_TRUE(cgroup_->kill());
        EXPECT_TRUE(wait_until_empty());
        const auto removed = cgroup_->remove();
        EXPECT_TRUE(removed) << removed.error().message;
    }
    bool wait_until_empty() {
        const auto events = cgroup_->watch();
        while (events && cgroup_->populated().value_or(false)) {
            pollfd waiting{.fd = events->get(), .events = POLLPRI, .revents = 0};
            if (::poll(&waiting, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) <
                1)
                return false;
            static_cast<void>(is_populated(events->get()));
        }
        return events.has_value();
    }

    std::optional<Cgroup> cgroup_;
};

TEST_F(RealCgroupTest, AProcessIsInItAfterItWasAdded) {
    const WaitingChild child;
    EXPECT_FALSE(cgroup_->populated().value());
    ASSERT_TRUE(cgroup_->add(child.pid()));
    EXPECT_TRUE(cgroup_->populated().value());
    EXPECT_TRUE(cgroup_->contains(child.pid()).value());
    EXPECT_EQ(cgroup_->processes().value(), std::vector<pid_t>{child.pid()});
    EXPECT_TRUE(
        read_cgroup(child.pid()).value().ends_with("/comar-test-" + std::to_string(::getpid())));
}

TEST_F(RealCgroupTest, TheWatchWakesWhenTheLastProcessEnds) {
    WaitingChild child;
    ASSERT_TRUE(cgroup_->add(child.pid()));
    const auto events = cgroup_->watch();
    ASSERT_TRUE(events);
    pollfd waiting{.fd = events->get(), .events = POLLPRI, .revents = 0};
    EXPECT_EQ(::poll(&waiting, 1, 0), 0);
    child.end();
    ASSERT_EQ(::poll(&waiting, 1, 60'000), 1);
    EXPECT_FALSE(is_populated(events->get()).value());
    EXPECT_EQ(::poll(&waiting, 1, 0), 0);
}

TEST_F(RealCgroupTest, KillEndsAllHereAndBelow) {
    WaitingChild outer;
    WaitingChild inner;
    const auto below = Cgroup::create(cgroup_->path(), "below");
    ASSERT_TRUE(below);
    ASSERT_TRUE(cgroup_->add(outer.pid()));
    ASSERT_TRUE(below->add(inner.pid()));
    EXPECT_EQ(cgroup_->remove().error().kind, ErrorKind::busy);
    ASSERT_TRUE(cgroup_->kill());
    EXPECT_EQ(WTERMSIG(outer.reap()), SIGKILL);
    EXPECT_EQ(WTERMSIG(inner.reap()), SIGKILL);
}

TEST_F(RealCgroupTest, AProgramIsStartedInIt) {
    auto input = make_pipe();
    const UniqueFd folder(::open(cgroup_->path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(input && folder);
    SpawnRequest request;
    request.arguments = {"/bin/cat"};
    request.input = input->read_end.get();
    request.cgroup = folder.get();
    const auto child = spawn(request);
    ASSERT_TRUE(child) << child.error().message;
    EXPECT_EQ(cgroup_->processes().value(), std::vector<pid_t>{child->id.pid});
    input->write_end.reset();
    EXPECT_TRUE(wait_exited(child->pidfd.get(), patience).value());
    EXPECT_TRUE(reap(child->pidfd.get()).value()->clean());
}

TEST_F(RealCgroupTest, CpuTimeIsCounted) {
    EXPECT_EQ(cgroup_->cpu_time().value(), 0us);
    EXPECT_TRUE(test::holds_in_child([&] {
        if (!cgroup_->add(0)) return false;
        while (cgroup_->cpu_time().value_or(1us) == 0us) {
        }
        return true;
    }));
    EXPECT_GT(cgroup_->cpu_time().value(), 0us);
}

TEST_F(RealCgroupTest, AProcessThatDoesNotExistIsNotAdded) {
    const auto added = cgroup_->add(2'147'483'647);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().message,
              "cannot write " + cgroup_->path() + "/cgroup.procs: No such process");
}

}  // namespace
}  // namespace comar
