// SPDX-License-Identifier: MIT
#include "output/log_folder.h"

#include <algorithm>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/log_names.h"
#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

namespace fs = std::filesystem;
using test::content_of;
using test::TemporaryFolder;
using ::testing::ElementsAre;

class LogFolderTest : public ::testing::Test {
protected:
    /// The names of all files, sorted.
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator(place_.path())) {
            names.push_back(entry.path().filename());
        }
        std::ranges::sort(names);
        return names;
    }
    void write(const std::string& name, const std::string& content, int order) const {
        const auto time = fs::file_time_type::clock::now() + std::chrono::seconds(order);
        fs::last_write_time(place_.write(name, content), time);
    }
    LogFolder loaded(LogLimits limits = {}) const {
        LogFolder folder(place_.path(), limits);
        EXPECT_TRUE(folder.load());
        return folder;
    }
    const TemporaryFolder place_;
};

TEST_F(LogFolderTest, TheCurrentLogBecomesTheNewestOfTheOldOnes) {
    place_.write({{"web.log", "current"}, {"web.log.1", "newer"}, {"web.log.2.zst", "older"}});
    LogFolder folder = loaded();
    ASSERT_TRUE(folder.rotate("web"));
    EXPECT_THAT(names(), ElementsAre("web.log.1", "web.log.2", "web.log.3.zst"));
    EXPECT_EQ(content_of(place_ / "web.log.1"), "current");
    EXPECT_EQ(content_of(place_ / "web.log.3.zst"), "older");
}

TEST_F(LogFolderTest, ALogThatCannotBeRotatedLeavesTheOldOnesAsTheyAre) {
    place_.write({{"web.log.1", "newer"}, {"web.log.2.zst", "older"}});
    LogFolder folder = loaded();
    EXPECT_FALSE(folder.rotate("web"));
    EXPECT_THAT(names(), ElementsAre("web.log.1", "web.log.2.zst"));
}

TEST_F(LogFolderTest, OldOnesBeyondTheirNumberGo) {
    place_.write({{"web.log", "0"}, {"web.log.1", "1"}, {"web.log.2", "2"}, {"web.log.3", "3"}});
    LogFolder folder = loaded({.kept = 2});
    EXPECT_THAT(names(), ElementsAre("web.log", "web.log.1", "web.log.2"));
    ASSERT_TRUE(folder.rotate("web"));
    EXPECT_THAT(names(), ElementsAre("web.log.1", "web.log.2"));
    EXPECT_EQ(content_of(place_ / "web.log.2"), "1");
}

TEST_F(LogFolderTest, WhereNoneIsKeptNoneIsLeft) {
    place_.write({{"web.log", "0"}});
    LogFolder folder = loaded({.kept = 0});
    ASSERT_TRUE(folder.rotate("web"));
    EXPECT_THAT(names(), ElementsAre());
    EXPECT_EQ(folder.total(), 0U);
}

TEST_F(LogFolderTest, TheOldestOfAllServicesGoFirst) {
    write("a.log.1", "12345", -30);
    write("a.log.2", "12345", -50);
    write("b.log.1", "12345", -20);
    write("b.log.2", "12345", -40);
    LogFolder folder = loaded({.total = 16});
    EXPECT_THAT(names(), ElementsAre("a.log.1", "b.log.1", "b.log.2"));
    folder.set_size("c", 5);
    EXPECT_THAT(names(), ElementsAre("a.log.1", "b.log.1"));
    folder.set_size("c", 7);
    EXPECT_THAT(names(), ElementsAre("b.log.1"));
    EXPECT_EQ(folder.total(), 12U);
}

TEST_F(LogFolderTest, ManyServicesShareTheTotal) {
    LogFolder folder(place_.path(), {.bytes = 100, .total = 300});
    EXPECT_EQ(folder.size_limit(), 100U);
    for (const char* app : {"a", "b", "c", "d", "e", "f"}) folder.set_size(app, 1);
    EXPECT_EQ(folder.size_limit(), 50U);
}

TEST_F(LogFolderTest, ACompressedLogTakesThePlaceOfThePlainOneWhereverThatIsByNow) {
    place_.write("web.log", "first");
    LogFolder folder = loaded();
    std::vector<PlainLog> rotated;
    folder.on_rotated([&](const PlainLog& log) { rotated.push_back(log); });
    ASSERT_TRUE(folder.rotate("web"));
    place_.write("web.log", "second");
    ASSERT_TRUE(folder.rotate("web"));
    ASSERT_EQ(rotated.size(), 2U);
    EXPECT_EQ(folder.path_of(rotated[0]), place_ / "web.log.2");
    place_.write(".web.log.zst.new", "packed");
    ASSERT_TRUE(folder.replace(rotated[0], place_ / ".web.log.zst.new"));
    EXPECT_THAT(names(), ElementsAre("web.log.1", "web.log.2.zst"));
    EXPECT_EQ(folder.path_of(rotated[0]), "");
}

TEST_F(LogFolderTest, ACompressedLogWhosePlainOneIsGoneGoesToo) {
    place_.write({{"web.log", "first"}, {"packed", "x"}});
    LogFolder folder = loaded({.kept = 1});
    PlainLog first;
    folder.on_rotated([&](const PlainLog& log) { first = first.app.empty() ? log : first; });
    ASSERT_TRUE(folder.rotate("web"));
    place_.write("web.log", "second");
    ASSERT_TRUE(folder.rotate("web"));
    ASSERT_TRUE(folder.replace(first, place_ / "packed"));
    EXPECT_THAT(names(), ElementsAre("web.log.1"));
    EXPECT_EQ(content_of(place_ / "web.log.1"), "second");
}

TEST_F(LogFolderTest, WhatACrashHasLeftIsPutRight) {
    place_.write({{".web.zst.new", "half"},
                  {"web.log", "0"},
                  {"web.log.1", "plain"},
                  {"web.log.1.zst", "packed"},
                  {"web.log.4", "after a gap"},
                  {"web.logic", "of somebody else"}});
    const LogFolder folder = loaded();
    EXPECT_THAT(names(), ElementsAre("web.log", "web.log.1.zst", "web.log.2", "web.logic"));
    EXPECT_EQ(folder.total(), 18U);
    ASSERT_EQ(folder.plain_logs().size(), 1U);
    EXPECT_EQ(folder.path_of(folder.plain_logs()[0]), place_ / "web.log.2");
}

TEST(LogNamesTest, OnlyLogsOfServicesAreUnderstood) {
    EXPECT_EQ(parse_log_name("web.log")->number, 0U);
    EXPECT_EQ(parse_log_name("web.log.12")->number, 12U);
    EXPECT_TRUE(parse_log_name("web.log.12.zst")->compressed);
    for (const char* name : {"web", ".log", "web.log.", "web.log.0", "web.log.x", "web.log.1.gz",
                             "web.log.1x", "web.txt", "web.log.1.zst.new"}) {
        EXPECT_FALSE(parse_log_name(name)) << name;
    }
}

}  // namespace
}  // namespace comar
