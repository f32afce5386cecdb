// SPDX-License-Identifier: MIT
#include "output/log_file.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

namespace fs = std::filesystem;
using test::content_of;
using test::TemporaryFolder;

TEST(LogFileTest, LinesAreAppendedAlsoByTheNextComard) {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/web.log";
    ASSERT_TRUE(LogFile(path, {}).append("one\n"));
    ASSERT_TRUE(LogFile(path, {}).append("two\n"));
    EXPECT_EQ(content_of(path), "one\ntwo\n");
}

TEST(LogFileTest, OldOnesAreKeptUpToTheLimit) {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/web.log";
    LogFile log(path, {10, 2});
    for (const char* line : {"first file\n", "second file\n", "third file\n", "fourth\n"}) {
        ASSERT_TRUE(log.append(line));
    }
    EXPECT_EQ(content_of(path), "fourth\n");
    EXPECT_EQ(content_of(path + ".1"), "third file\n");
    EXPECT_EQ(content_of(path + ".2"), "second file\n");
    EXPECT_FALSE(fs::exists(path + ".3"));
}

TEST(LogFileTest, ALinkInTheLogFolderLeadsNowhere) {
    const TemporaryFolder folder;
    const std::string victim = folder.write("victim", "precious");
    fs::create_symlink(victim, folder.path() + "/web.log");
    LogFile log(folder.path() + "/web.log", {});
    EXPECT_FALSE(log.append("line\n"));
    EXPECT_EQ(content_of(victim), "precious");
    fs::remove(folder.path() + "/web.log");
    fs::create_hard_link(victim, folder.path() + "/web.log");
    EXPECT_FALSE(log.append("line\n"));
    EXPECT_EQ(content_of(victim), "precious");
}

TEST(LogFileTest, AFifoInItsPlaceDoesNotBlock) {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/web.log";
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_FALSE(LogFile(path, {}).append("line\n"));
}

TEST(LogFileTest, ADiskThatIsFullCostsLinesAndTheyAreCounted) {
    LogFile log("/dev/full", {});
    EXPECT_FALSE(log.append("line\n"));
    EXPECT_EQ(log.lost(), 5U);
}

TEST(LogFileTest, ItWorksAgainWhenTheFolderIsBack) {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/later/web.log";
    LogFile log(path, {});
    EXPECT_FALSE(log.append("lost\n"));
    fs::create_directory(folder.path() + "/later");
    EXPECT_TRUE(log.append("kept\n"));
    EXPECT_EQ(content_of(path), "kept\n");
    EXPECT_EQ(log.lost(), 5U);
}

}  // namespace
}  // namespace comar
