// SPDX-License-Identifier: MIT
#include "output/file_sink.h"

#include <filesystem>
#include <string>

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::content_of;
using test::TemporaryFolder;

constexpr WallTime today = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24);

class FileSinkTest : public ::testing::Test {
protected:
    /// As comard does it.
    static Result<> write(LogSink& sink, const std::string& text, WallTime now = today) {
        (void)sink.prepare(now);
        return sink.write(stamped(text, now), now);
    }
    static std::string stamped(const std::string& text, WallTime now = today) {
        return std::string(StampWriter().stamp(now, Stream::out)) + text + "\n";
    }
    [[nodiscard]] std::string log(const std::string& end = "") const {
        return content_of(place_ / ("web.log" + end));
    }

    const TemporaryFolder place_;
    LogFolder folder_{place_.path(), {100, std::chrono::days(7), 2, 100000}};
};

TEST_F(FileSinkTest, LinesAreAppendedAlsoByTheNextComard) {
    FileSink first(folder_, "web");
    ASSERT_TRUE(write(first, "one"));
    FileSink second(folder_, "web");
    ASSERT_TRUE(write(second, "two"));
    EXPECT_EQ(log(), stamped("one") + stamped("two"));
}

TEST_F(FileSinkTest, AFileThatIsLargeIsRotatedBeforeTheNextLine) {
    FileSink sink(folder_, "web");
    const std::string large(80, 'x');
    for (const char* text : {"1", "2", "3", "4"}) ASSERT_TRUE(write(sink, text + large));
    EXPECT_EQ(log(), stamped("4" + large));
    EXPECT_EQ(log(".1"), stamped("3" + large));
    EXPECT_EQ(log(".2"), stamped("2" + large));
    EXPECT_FALSE(fs::exists(place_ / "web.log.3"));
}

TEST_F(FileSinkTest, AFileThatIsOldIsRotatedAlsoByTheNextComard) {
    FileSink first(folder_, "web");
    ASSERT_TRUE(write(first, "old"));
    FileSink second(folder_, "web");
    ASSERT_TRUE(write(second, "young", today + 167h));
    EXPECT_EQ(log(), stamped("old") + stamped("young", today + 167h));
    ASSERT_TRUE(write(second, "new", today + 168h));
    EXPECT_EQ(log(), stamped("new", today + 168h));
    ASSERT_TRUE(write(second, "newer", today + 200h));
    EXPECT_EQ(log(), stamped("new", today + 168h) + stamped("newer", today + 200h));
}

TEST_F(FileSinkTest, AFileThatWasRemovedIsMadeAgain) {
    FileSink sink(folder_, "web");
    ASSERT_TRUE(write(sink, "gone"));
    fs::remove(place_ / "web.log");
    ASSERT_TRUE(write(sink, "here"));
    EXPECT_EQ(log(), stamped("here"));
}

TEST_F(FileSinkTest, ALinkInTheLogFolderLeadsNowhere) {
    const std::string victim = place_.write("victim", "precious");
    fs::create_symlink(victim, place_ / "web.log");
    FileSink sink(folder_, "web");
    EXPECT_FALSE(write(sink, "line"));
    fs::remove(place_ / "web.log");
    fs::create_hard_link(victim, place_ / "web.log");
    EXPECT_FALSE(write(sink, "line"));
    EXPECT_EQ(content_of(victim), "precious");
}

TEST_F(FileSinkTest, AFifoInItsPlaceDoesNotBlock) {
    ASSERT_EQ(::mkfifo((place_ / "web.log").c_str(), 0600), 0);
    FileSink sink(folder_, "web");
    EXPECT_FALSE(write(sink, "line"));
}

TEST_F(FileSinkTest, WhatIsLostIsCountedAndToldWhereItWouldStand) {
    LogFolder later(place_ / "later", {});
    FileSink sink(later, "web");
    EXPECT_FALSE(write(sink, "one"));
    EXPECT_FALSE(write(sink, "two"));
    EXPECT_EQ(sink.lost().lines, 2U);
    EXPECT_EQ(sink.lost().bytes, 2 * (stamp_size + 4));
    fs::create_directory(place_ / "later");
    ASSERT_TRUE(write(sink, "three"));
    ASSERT_TRUE(write(sink, "four"));
    EXPECT_EQ(content_of(place_ / "later/web.log"),
              "2026-11-24T00:00:00.000000Z err comard: 72 bytes (2 lines) were lost: No such file "
              "or directory\n" +
                  stamped("three") + stamped("four"));
}

TEST_F(FileSinkTest, WhatAKilledComardHadBegunToWriteIsTakenBack) {
    FileSink sink(folder_, "web");
    ASSERT_TRUE(write(sink, "whole"));
    const FilePlace place = sink.prepare(today);
    ASSERT_TRUE(sink.write(stamped("begun"), today));
    take_back(place_ / "web.log", {place.inode + 1, 0});
    EXPECT_EQ(log(), stamped("whole") + stamped("begun"));
    take_back(place_ / "web.log", place);
    EXPECT_EQ(log(), stamped("whole"));
}

}  // namespace
}  // namespace comar
