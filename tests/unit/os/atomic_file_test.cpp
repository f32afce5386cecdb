// SPDX-License-Identifier: MIT
#include "os/atomic_file.h"

#include <filesystem>
#include <string>

#include <sys/stat.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include "os/system_error.h"
#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

namespace fs = std::filesystem;
using test::content_of;
using test::TemporaryFolder;

const std::string old_content = "old content\n";
const std::string new_content = "new content, longer than the old one\n";

/// A disk that forgets: the power goes after some steps. What was not synced by then is lost.
class PowerCut : public ReplaceSteps {
public:
    PowerCut(std::string target, int steps) : target_(std::move(target)), steps_left_(steps) {}

    Result<UniqueFd> create(int folder, const std::string& name) override {
        if (!step()) return off();
        return ReplaceSteps::create(folder, name);
    }
    Result<> write(int fd, std::string_view content) override {
        if (step()) return ReplaceSteps::write(fd, content);
        // In the middle of it.
        if (was_last()) static_cast<void>(ReplaceSteps::write(fd, content.substr(0, 10)));
        return off();
    }
    Result<> set_mode(int fd, mode_t mode) override {
        if (!step()) return off();
        return ReplaceSteps::set_mode(fd, mode);
    }
    Result<> sync(int fd) override {
        if (!step()) return off();
        (renamed_ ? rename_synced_ : content_synced_) = true;
        return ReplaceSteps::sync(fd);
    }
    Result<> rename(int folder, const std::string& from, const std::string& to) override {
        if (!step()) return off();
        renamed_ = true;
        return ReplaceSteps::rename(folder, from, to);
    }
    void discard(int, const std::string&) noexcept override {}  // nobody is there to do it

    /// What the disk holds under the name of the file, in the worst case.
    [[nodiscard]] std::string content_at_worst() const {
        if (renamed_ && !content_synced_) return "";
        if (renamed_ && !rename_synced_) return old_content;
        return content_of(target_);
    }
    [[nodiscard]] bool was_cut() const { return steps_left_ < 0; }

private:
    bool step() { return --steps_left_ >= 0; }
    [[nodiscard]] bool was_last() const { return steps_left_ == -1; }
    static Failure off() { return failure(ErrorKind::internal, "cannot go on: no power", EIO); }

    std::string target_;
    int steps_left_;
    bool content_synced_ = false;
    bool renamed_ = false;
    bool rename_synced_ = false;
};

/// One step fails, and the program goes on.
class FailingStep : public ReplaceSteps {
public:
    explicit FailingStep(int number) : steps_left_(number) {}

    Result<UniqueFd> create(int folder, const std::string& name) override {
        if (fails()) return full();
        return ReplaceSteps::create(folder, name);
    }
    Result<> write(int fd, std::string_view content) override {
        if (!fails()) return ReplaceSteps::write(fd, content);
        static_cast<void>(ReplaceSteps::write(fd, content.substr(0, 10)));
        return full();
    }
    Result<> set_mode(int fd, mode_t mode) override {
        if (fails()) return full();
        return ReplaceSteps::set_mode(fd, mode);
    }
    Result<> sync(int fd) override {
        if (fails()) return full();
        return ReplaceSteps::sync(fd);
    }
    Result<> rename(int folder, const std::string& from, const std::string& to) override {
        if (fails()) return full();
        return ReplaceSteps::rename(folder, from, to);
    }

private:
    bool fails() { return steps_left_-- == 0; }
    static Failure full() { return system_failure("write", ENOSPC); }

    int steps_left_;
};

constexpr int steps_until_renamed = 5;  // create, write, set_mode, sync, rename
constexpr int all_steps = 6;            // and sync of the folder

class AtomicFileTest : public testing::Test {
protected:
    AtomicFileTest() : path_(folder_.write("file", old_content)) {}

    TemporaryFolder folder_;
    std::string path_;
};

TEST_F(AtomicFileTest, ReplacesTheContent) {
    ASSERT_TRUE(write_file_atomically(path_, new_content, 0644));
    EXPECT_EQ(content_of(path_), new_content);
    EXPECT_EQ(folder_.entry_count(), 1U);
}

TEST_F(AtomicFileTest, MakesAFileThatWasNotThere) {
    ASSERT_TRUE(write_file_atomically(folder_ / "new", "", 0600));
    EXPECT_TRUE(fs::is_empty(folder_ / "new"));
}

TEST_F(AtomicFileTest, TheModeIsExactWhateverTheUmask) {
    const auto mask = ::umask(0077);
    EXPECT_TRUE(write_file_atomically(path_, new_content, 0664));
    ::umask(mask);
    EXPECT_EQ(fs::status(path_).permissions(), fs::perms(0664));
}

TEST_F(AtomicFileTest, ALargeFileIsWrittenWhole) {
    const std::string large(5'000'000, 'x');
    ASSERT_TRUE(write_file_atomically(path_, large, 0644));
    EXPECT_EQ(content_of(path_), large);
}

TEST_F(AtomicFileTest, ALinkIsReplacedAndItsTargetSpared) {
    fs::create_symlink("file", folder_ / "link");
    ASSERT_TRUE(write_file_atomically(folder_ / "link", new_content, 0644));
    EXPECT_EQ(content_of(path_), old_content);
    EXPECT_FALSE(fs::is_symlink(folder_ / "link"));
}

TEST_F(AtomicFileTest, TheLongestNamesCanBeWritten) {
    const auto longest = folder_ / std::string(255, 'n');
    EXPECT_TRUE(write_file_atomically(longest, new_content, 0644));
    EXPECT_EQ(content_of(longest), new_content);
}

TEST_F(AtomicFileTest, WhoReadsMeanwhileSeesTheOldFileWhole) {
    auto reader = open_regular_file(path_);
    ASSERT_TRUE(reader);
    ASSERT_TRUE(write_file_atomically(path_, new_content, 0644));
    EXPECT_EQ(read_up_to(reader->get(), 1000, path_), old_content);
}

TEST_F(AtomicFileTest, APowerCutAfterAnyStepLeavesOldOrNewContentWhole) {
    for (int steps = 0; steps <= all_steps; ++steps) {
        folder_.write("file", old_content);
        PowerCut disk(path_, steps);
        const auto written = write_file_atomically(path_, new_content, 0644, disk);
        EXPECT_EQ(disk.was_cut(), steps < all_steps) << steps;
        EXPECT_EQ(written.has_value(), !disk.was_cut()) << steps;
        EXPECT_EQ(content_of(path_), steps < steps_until_renamed ? old_content : new_content)
            << steps;
        EXPECT_EQ(disk.content_at_worst(), steps < all_steps ? old_content : new_content) << steps;
    }
}

TEST_F(AtomicFileTest, WhatAPowerCutLeavesBesideBeginsWithADotAndIsNotInTheWay) {
    PowerCut disk(path_, 2);
    EXPECT_FALSE(write_file_atomically(path_, new_content, 0644, disk));
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
        const auto name = entry.path().filename().string();
        EXPECT_TRUE(name == "file" || name.starts_with(".file.")) << name;
    }
    EXPECT_EQ(folder_.entry_count(), 2U);
    ASSERT_TRUE(write_file_atomically(path_, new_content, 0644));
    EXPECT_EQ(content_of(path_), new_content);
}

TEST_F(AtomicFileTest, AStepThatFailsChangesNothingAndLeavesNothingBehind) {
    for (int step = 0; step < steps_until_renamed; ++step) {
        FailingStep disk(step);
        const auto written = write_file_atomically(path_, new_content, 0644, disk);
        ASSERT_FALSE(written) << step;
        EXPECT_EQ(written.error().message,
                  "cannot write " + path_ + ": cannot write: No space left on device");
        EXPECT_EQ(written.error().os_error, ENOSPC);
        EXPECT_EQ(content_of(path_), old_content) << step;
        EXPECT_EQ(folder_.entry_count(), 1U) << step;
    }
}

TEST_F(AtomicFileTest, AFailedSyncOfTheFolderIsReported) {
    FailingStep disk(all_steps - 1);
    EXPECT_FALSE(write_file_atomically(path_, new_content, 0644, disk));
    EXPECT_EQ(content_of(path_), new_content);
    EXPECT_EQ(folder_.entry_count(), 1U);
}

/// Somebody else has the first names that are tried.
class TakenNames : public ReplaceSteps {
public:
    explicit TakenNames(int taken) : taken_(taken) {}
    Result<UniqueFd> create(int folder, const std::string& name) override {
        if (taken_-- > 0) return system_failure("create a file", EEXIST);
        return ReplaceSteps::create(folder, name);
    }

private:
    int taken_;
};

TEST_F(AtomicFileTest, ANameThatIsTakenIsLeftToItsOwner) {
    TakenNames some(3);
    EXPECT_TRUE(write_file_atomically(path_, new_content, 0644, some));
    TakenNames all(1'000'000);
    EXPECT_EQ(write_file_atomically(path_, old_content, 0644, all).error().os_error, EEXIST);
    EXPECT_EQ(content_of(path_), new_content);
}

TEST_F(AtomicFileTest, AMissingFolderIsNotFound) {
    EXPECT_EQ(write_file_atomically(folder_ / "none/f", "", 0644).error().kind,
              ErrorKind::not_found);
}

}  // namespace
}  // namespace comar
