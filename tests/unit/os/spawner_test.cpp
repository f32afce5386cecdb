// SPDX-License-Identifier: MIT
#include "os/spawner.h"

#include <csignal>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "os/packed_words.h"
#include "os/proc_scan.h"
#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

using test::TemporaryFolder;

constexpr int patience = 60'000;  // milliseconds

class SpawnerTest : public ::testing::Test {
protected:
    void SetUp() override {
        auto made = Spawner::create();
        ASSERT_TRUE(made) << made.error().message;
        spawner_ = std::move(*made);
        fifo_ = folder_.path() + "/fifo";
        ASSERT_EQ(::mkfifo(fifo_.c_str(), 0600), 0);
        reader_.reset(::open(fifo_.c_str(), O_RDWR | O_CLOEXEC));
    }

    void TearDown() override {
        const pid_t copy = spawner_->id().pid;
        spawner_.reset();
        EXPECT_EQ(::waitpid(copy, nullptr, 0), copy);
    }

    BackgroundProgram program(std::vector<std::string> arguments) const {
        BackgroundProgram one;
        one.arguments = std::move(arguments);
        one.environment = {"COLOUR=green"};
        one.output = fifo_;
        one.error = fifo_;
        return one;
    }

    /// The next outcome, waited for.
    Spawner::Outcome outcome() const {
        pollfd file{spawner_->descriptor(), POLLIN, 0};
        if (::poll(&file, 1, patience) <= 0) ADD_FAILURE() << "no outcome in time";
        const auto next = spawner_->next();
        return next && *next ? **next : Spawner::Outcome{};
    }

    std::string read_line() const {
        std::string line;
        for (char byte = 0; ::read(reader_.get(), &byte, 1) == 1 && byte != '\n';) line += byte;
        return line;
    }

    TemporaryFolder folder_;
    std::string fifo_;
    UniqueFd reader_;
    std::optional<Spawner> spawner_;
};

TEST_F(SpawnerTest, AProgramIsAChildOfOursInASessionOfItsOwn) {
    ASSERT_TRUE(spawner_->start(7, program({"/bin/sleep", "1000"})));
    const auto told = outcome();
    EXPECT_EQ(told.number, 7U);
    ASSERT_GT(told.id.pid, 0) << told.error;
    const auto stat = read_stat(told.id.pid);
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->id, told.id);
    EXPECT_EQ(stat->parent, ::getpid());
    EXPECT_EQ(stat->session, told.id.pid);
    EXPECT_EQ(stat->comm, "sleep");
    ::kill(told.id.pid, SIGKILL);
    EXPECT_EQ(::waitpid(told.id.pid, nullptr, 0), told.id.pid);
}

TEST_F(SpawnerTest, ItHasWhatItWasGivenAndNothingElse) {
    auto one = program(
        {"/bin/sh", "-c", "echo $COLOUR $(pwd) $(umask) $(ulimit -n) $(ls /proc/self/fd | wc -l)"});
    one.descriptor_limit = 100;
    ASSERT_TRUE(spawner_->start(1, one));
    const pid_t pid = outcome().id.pid;
    ASSERT_GT(pid, 0);
    // 0, 1, 2, and that with which ls reads the folder.
    EXPECT_EQ(read_line(), "green / 0022 100 4");
    EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
}

TEST_F(SpawnerTest, OneThatCannotBeStartedIsToldAndTheNextRuns) {
    ASSERT_TRUE(spawner_->start(1, program({"/nonexistent"})));
    ASSERT_TRUE(spawner_->start(2, program({"/bin/true"})));
    const auto first = outcome();
    EXPECT_EQ(first.number, 1U);
    EXPECT_EQ(first.id.pid, 0);
    EXPECT_EQ(first.error, "cannot start /nonexistent: No such file or directory");
    const auto second = outcome();
    EXPECT_EQ(second.number, 2U);
    ASSERT_GT(second.id.pid, 0);
    EXPECT_EQ(::waitpid(second.id.pid, nullptr, 0), second.id.pid);
    // A child of ours as well, though it has become no program.
    (void)::waitpid(-1, nullptr, WNOHANG);
}

TEST_F(SpawnerTest, OutputThatIsNotThereIsTold) {
    auto one = program({"/bin/true"});
    one.error = folder_.path() + "/none";
    ASSERT_TRUE(spawner_->start(1, one));
    EXPECT_EQ(outcome().error, "cannot open " + one.error + ": No such file or directory");
}

TEST_F(SpawnerTest, TooManyWordsAreRefused) {
    const auto refused = spawner_->start(1, program({"/bin/true", std::string(200'000, 'x')}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::invalid);
    EXPECT_FALSE(*spawner_->next());
}

TEST_F(SpawnerTest, OneThatIsKilledIsGone) {
    spawner_->kill();
    pollfd file{spawner_->descriptor(), POLLIN, 0};
    ASSERT_EQ(::poll(&file, 1, patience), 1);
    const auto next = spawner_->next();
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().kind, ErrorKind::unavailable);
    EXPECT_FALSE(spawner_->start(1, program({"/bin/true"})));
}

TEST(PackedWordsTest, WhatIsCutOffReadsAsEmpty) {
    PackedWriter writer;
    writer.list({"one", "two"});
    writer.number(3);
    const std::string& bytes = writer.bytes();
    PackedReader whole(bytes);
    EXPECT_EQ(whole.list(), (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(whole.number(), 3U);
    EXPECT_TRUE(whole.is_whole());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        PackedReader cut(std::string_view(bytes).substr(0, size));
        (void)cut.list();
        EXPECT_EQ(cut.number(), 0U);
        EXPECT_FALSE(cut.is_whole());
    }
}

}  // namespace
}  // namespace comar
