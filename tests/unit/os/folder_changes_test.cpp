// SPDX-License-Identifier: MIT
#include "os/folder_changes.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

namespace fs = std::filesystem;

class FolderChangesTest : public testing::Test {
protected:
    FolderChangesTest() { (void)changes_.take(); }

    static void write(const fs::path& path, const std::string& text = "text") {
        std::ofstream(path) << text;
    }

    test::TemporaryFolder folder_;
    fs::path there_ = fs::path(folder_.path());
    fs::path later_ = there_ / "later";
    FolderChanges changes_{{there_.string(), later_.string()}};
};

TEST_F(FolderChangesTest, AtFirstAnythingMayHaveChanged) {
    FolderChanges changes({there_.string()});
    EXPECT_TRUE(changes.take().all);
    EXPECT_FALSE(changes.take().all);
}

TEST_F(FolderChangesTest, WhatHasChangedIsToldOnce) {
    write(there_ / "one.toml");
    write(there_ / "two.toml");
    fs::rename(there_ / "two.toml", there_ / "three.toml");
    const auto changed = changes_.take();
    EXPECT_FALSE(changed.all);
    EXPECT_EQ(changed.names, (std::set<std::string>{"one.toml", "two.toml", "three.toml"}));
    EXPECT_TRUE(changes_.take().names.empty());
}

TEST_F(FolderChangesTest, AFileThatIsWrittenInPlaceHasChanged) {
    write(there_ / "one.toml");
    (void)changes_.take();
    std::fstream(there_ / "one.toml", std::ios::in | std::ios::out) << "TEXT";
    EXPECT_EQ(changes_.take().names, std::set<std::string>{"one.toml"});
}

TEST_F(FolderChangesTest, AFileThatIsGoneHasChanged) {
    write(there_ / "one.toml");
    (void)changes_.take();
    fs::remove(there_ / "one.toml");
    EXPECT_EQ(changes_.take().names, std::set<std::string>{"one.toml"});
}

TEST_F(FolderChangesTest, WhatIsInAFolderThatCameLaterMayHaveChanged) {
    EXPECT_FALSE(changes_.take().all);
    fs::create_directory(later_);
    write(later_ / "one.toml");
    EXPECT_TRUE(changes_.take().all);
    EXPECT_FALSE(changes_.take().all);
    write(later_ / "two.toml");
    EXPECT_EQ(changes_.take().names, std::set<std::string>{"two.toml"});
}

TEST_F(FolderChangesTest, AFolderThatIsReplacedIsWatchedAgain) {
    fs::create_directory(later_);
    (void)changes_.take();
    fs::rename(later_, there_ / "old");
    fs::create_directory(later_);
    EXPECT_TRUE(changes_.take().all);
    (void)changes_.take();
    write(there_ / "old" / "one.toml");
    write(later_ / "two.toml");
    const auto changed = changes_.take();
    EXPECT_FALSE(changed.all);
    EXPECT_EQ(changed.names, std::set<std::string>{"two.toml"});
}

}  // namespace
}  // namespace comar
