// SPDX-License-Identifier: MIT
#include "os/file_lock.h"

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "unit/os/child_process.h"
#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

namespace fs = std::filesystem;
using test::content_of;
using test::holds_in_child;
using test::TemporaryFolder;

class FileLockTest : public testing::Test {
protected:
    FileLockTest() : path_(folder_ / "lock") {}

    TemporaryFolder folder_;
    std::string path_;
};

TEST_F(FileLockTest, NamesItsHolder) {
    const auto lock = FileLock::try_lock(path_);
    ASSERT_TRUE(lock);
    EXPECT_EQ(lock_holder(path_), ::getpid());
}

TEST_F(FileLockTest, ASecondHolderIsRefusedAndToldTheFirst) {
    const auto lock = FileLock::try_lock(path_);
    ASSERT_TRUE(lock);
    const auto second = FileLock::try_lock(path_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::busy);
    EXPECT_EQ(second.error().message,
              "cannot lock " + path_ + ": process " + std::to_string(::getpid()) + " holds it");
    EXPECT_EQ(lock_holder(path_), ::getpid());
}

TEST_F(FileLockTest, IsFreeAgainAfterwards) {
    {
        EXPECT_TRUE(FileLock::try_lock(path_));
    }
    EXPECT_TRUE(FileLock::try_lock(path_));
}

TEST_F(FileLockTest, EndsWithItsProcessHoweverThatEnds) {
    EXPECT_FALSE(holds_in_child([&] {
        const auto lock = FileLock::try_lock(path_);
        if (lock) ::raise(SIGKILL);
        return true;
    }));
    ASSERT_TRUE(lock_holder(path_));
    EXPECT_NE(lock_holder(path_), ::getpid());
    EXPECT_TRUE(FileLock::try_lock(path_));
    EXPECT_EQ(lock_holder(path_), ::getpid());
}

TEST_F(FileLockTest, ALongerNumberOfAnEarlierHolderIsReplacedWhole) {
    folder_.write("lock", "99999999999999999999\nmore\n");
    const auto lock = FileLock::try_lock(path_);
    ASSERT_TRUE(lock);
    EXPECT_EQ(content_of(path_), std::to_string(::getpid()) + "\n");
}

TEST_F(FileLockTest, AHolderThatWroteNoNumberIsAnother) {
    const auto lock = FileLock::try_lock(path_);
    ASSERT_TRUE(lock);
    folder_.write("lock", "");
    EXPECT_EQ(FileLock::try_lock(path_).error().message,
              "cannot lock " + path_ + ": another process holds it");
}

// Whoever can open the file could hold the lock.
TEST_F(FileLockTest, OthersCannotOpenTheFile) {
    const auto lock = FileLock::try_lock(path_);
    ASSERT_TRUE(lock);
    EXPECT_EQ(fs::status(path_).permissions() & fs::perms(0077), fs::perms::none);
}

TEST_F(FileLockTest, ALinkIsRefusedAndItsTargetSpared) {
    folder_.write("precious", "data");
    fs::create_symlink("precious", path_);
    EXPECT_EQ(FileLock::try_lock(path_).error().kind, ErrorKind::denied);
    EXPECT_EQ(content_of(folder_ / "precious"), "data");
}

TEST_F(FileLockTest, AFolderOrAMissingFolderIsAnError) {
    EXPECT_FALSE(FileLock::try_lock(folder_.path()));
    EXPECT_EQ(FileLock::try_lock(folder_ / "none/lock").error().kind, ErrorKind::not_found);
    EXPECT_EQ(lock_holder(folder_ / "none/lock"), std::nullopt);
}

}  // namespace
}  // namespace comar
