// SPDX-License-Identifier: MIT
#include "os/trusted_folder.h"

#include <filesystem>
#include <string>
#include <vector>

#include <sys/stat.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;

constexpr uid_t somebody = 65534;

class TrustedFolderTest : public testing::Test {
protected:
    std::string make(const std::string& name, mode_t mode = 0755) {
        fs::create_directories(folder_ / name);
        EXPECT_EQ(::chmod((folder_ / name).c_str(), mode), 0);
        return folder_ / name;
    }
    /// Whether `path` may be used, and is trusted.
    bool trusts(const std::string& path) {
        const auto opened = open_folder(path);
        EXPECT_TRUE(opened) << opened.error().message;
        return opened && opened->trusted;
    }
    static void give_away(const std::string& path) {
        ASSERT_EQ(::lchown(path.c_str(), somebody, somebody), 0);
    }

    TemporaryFolder folder_;
};

TEST_F(TrustedFolderTest, OursIsTrustedThoughItLiesInTheFolderForAll) {
    EXPECT_TRUE(trusts(folder_.path()));
    EXPECT_TRUE(trusts(make("a/b")));
    EXPECT_TRUE(trusts("/"));
    EXPECT_TRUE(trusts("/etc"));
}

TEST_F(TrustedFolderTest, OneThatOthersCanWriteToIsNot) {
    EXPECT_FALSE(trusts(make("group", 0775)));
    EXPECT_FALSE(trusts(make("all", 0777)));
    EXPECT_FALSE(trusts(make("sticky", 01777)));
    EXPECT_FALSE(trusts("/tmp"));
}

TEST_F(TrustedFolderTest, OneBelowAFolderThatOthersCanWriteToIsNot) {
    make("open", 0777);
    EXPECT_FALSE(trusts(make("open/below")));
}

TEST_F(TrustedFolderTest, DotsAndManySlashesAreNothingSpecial) {
    make("a/b");
    EXPECT_TRUE(trusts(folder_ / "a//.///b/../b/"));
}

TEST_F(TrustedFolderTest, ARelativePathStartsWhereWeAre) {
    make("open", 0777);
    const auto before = fs::current_path();
    fs::current_path(make("open/inside"));
    const bool trusted = trusts(".");
    fs::current_path(before);
    EXPECT_FALSE(trusted);
}

TEST_F(TrustedFolderTest, OurSymbolicLinksAreFollowed) {
    make("a/b");
    fs::create_directory_symlink("a/b", folder_ / "relative");
    fs::create_directory_symlink(folder_ / "a", folder_ / "absolute");
    EXPECT_TRUE(trusts(folder_ / "relative"));
    EXPECT_TRUE(trusts(folder_ / "absolute/b"));
}

TEST_F(TrustedFolderTest, ALinkWhereOthersCanWriteIsRefused) {
    make("open", 0777);
    fs::create_directory_symlink("/etc", folder_ / "open/link");
    EXPECT_EQ(open_folder(folder_ / "open/link").error().kind, ErrorKind::denied);
}

TEST_F(TrustedFolderTest, LinksInACircleAreRefused) {
    fs::create_directory_symlink("b", folder_ / "a");
    fs::create_directory_symlink("a", folder_ / "b");
    EXPECT_EQ(open_folder(folder_ / "a").error().os_error, ELOOP);
}

TEST_F(TrustedFolderTest, WhatIsMissingOrNoFolderIsNotFound) {
    folder_.write("file", "");
    EXPECT_EQ(open_folder(folder_ / "none").error().os_error, ENOENT);
    EXPECT_EQ(open_folder(folder_ / "file").error().os_error, ENOTDIR);
}

TEST_F(TrustedFolderTest, FoldersAndLinksOfOthersAreNotTrusted) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to make files of other users";
    make("theirs");
    make("theirs/ours");
    give_away(folder_ / "theirs");
    EXPECT_FALSE(trusts(folder_ / "theirs"));
    EXPECT_FALSE(trusts(folder_ / "theirs/ours"));
    fs::create_directory_symlink("/etc", folder_ / "theirs/link");
    EXPECT_EQ(open_folder(folder_ / "theirs/link").error().kind, ErrorKind::denied);
}

TEST_F(TrustedFolderTest, InAStickyFolderOnlyWhatIsOursIsTrusted) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to make files of other users";
    make("sticky", 01777);
    EXPECT_TRUE(trusts(make("sticky/ours")));
    fs::create_directory_symlink("/etc", folder_ / "sticky/our-link");
    fs::create_directory_symlink("/etc", folder_ / "sticky/their-link");
    give_away(folder_ / "sticky/their-link");
    EXPECT_TRUE(trusts(folder_ / "sticky/our-link"));
    EXPECT_EQ(open_folder(folder_ / "sticky/their-link").error().kind, ErrorKind::denied);
}

TEST(SplitPathTest, CutsAtTheLastSlash) {
    EXPECT_EQ(split_path("/run/x/y.pid")->folder, "/run/x");
    EXPECT_EQ(split_path("/run/x/y.pid")->name, "y.pid");
    EXPECT_EQ(split_path("/y")->folder, "/");
    EXPECT_EQ(split_path("y")->folder, ".");
}

TEST(SplitPathTest, APathThatEndsInNoNameIsRefused) {
    for (const auto& path :
         std::vector<std::string>{"", "/", "a/", ".", "..", "a/..", "/.", {"a\0b", 3}})
        EXPECT_EQ(split_path(path).error().kind, ErrorKind::invalid) << path;
}

}  // namespace
}  // namespace comar
