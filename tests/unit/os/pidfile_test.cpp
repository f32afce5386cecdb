// SPDX-License-Identifier: MIT
#include "os/pidfile.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::content_of;
using test::TemporaryFolder;

constexpr uid_t somebody = 65534;

TEST(ParsePidTest, TheFirstLineIsTheNumber) {
    EXPECT_EQ(parse_pid("123"), 123);
    EXPECT_EQ(parse_pid("123\n"), 123);
    EXPECT_EQ(parse_pid("  \t123 \r\n"), 123);
    EXPECT_EQ(parse_pid("0123\n"), 123);
    EXPECT_EQ(parse_pid("2147483647"), 2147483647);
}

TEST(ParsePidTest, WhatFollowsTheFirstLineIsIgnored) {
    EXPECT_EQ(parse_pid("123\n/var/lib/postgresql\n1700000000\n"), 123);
    EXPECT_EQ(parse_pid("123\n456\n"), 123);
    EXPECT_EQ(parse_pid(std::string_view("123\n\0\0garbage", 13)), 123);
}

TEST(ParsePidTest, ABufferWrittenWholeEndsInZeros) {
    EXPECT_EQ(parse_pid(std::string_view("123\0\0\0\0\0", 8)), 123);
}

TEST(ParsePidTest, AnythingElseIsNoNumber) {
    for (const std::string_view text : {"", "\n", " ", "\n123", "nginx", "123abc", "12 34", "0x10",
                                        "1e3", "12.0", "+5", "pid: 5", "--", "-", "١٢"})
        EXPECT_EQ(parse_pid(text), std::nullopt) << text;
    EXPECT_EQ(parse_pid(std::string_view("12\0003", 4)), std::nullopt);
}

// kill(2) would take these for groups of processes, and for everybody.
TEST(ParsePidTest, ZeroAndNegativeNumbersAreNoProcesses) {
    for (const std::string_view text : {"0", "-1", "-123", "000", "-0"})
        EXPECT_EQ(parse_pid(text), std::nullopt) << text;
}

TEST(ParsePidTest, NumbersThatAreTooLargeDoNotWrapAround) {
    for (const std::string_view text :
         {"2147483648", "4294967297", "4294967295", "18446744073709551617",
          "99999999999999999999999999999999999999"})
        EXPECT_EQ(parse_pid(text), std::nullopt) << text;
}

class PidfileTest : public testing::Test {
protected:
    PidfileTest() : path_(folder_ / "x.pid") {}

    void write(const std::string& content) { folder_.write("x.pid", content); }
    bool trusted() { return read_pidfile(path_).value().trusted; }

    TemporaryFolder folder_;
    std::string path_;
};

TEST_F(PidfileTest, OursInOurFolderIsTrusted) {
    write("4711\n");
    const auto claim = read_pidfile(path_).value();
    EXPECT_EQ(claim.pid, 4711);
    EXPECT_TRUE(claim.trusted);
}

TEST_F(PidfileTest, TellsWhenItWasWritten) {
    write("4711\n");
    const timespec times[2] = {{1'000'000'000, 5}, {1'700'000'000, 123'456'789}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path_.c_str(), times, 0), 0);
    EXPECT_EQ(read_pidfile(path_).value().modified, 1'700'000'000s + 123'456'789ns);
}

TEST_F(PidfileTest, AMissingFileOrFolderIsNotFound) {
    EXPECT_EQ(read_pidfile(path_).error().kind, ErrorKind::not_found);
    EXPECT_EQ(read_pidfile(folder_ / "none/x.pid").error().kind, ErrorKind::not_found);
}

TEST_F(PidfileTest, NoNumberIsInvalid) {
    write("starting\n");
    const auto claim = read_pidfile(path_);
    ASSERT_FALSE(claim);
    EXPECT_EQ(claim.error().kind, ErrorKind::invalid);
    EXPECT_EQ(claim.error().message,
              "cannot read " + path_ + ": no process number in its first line");
}

TEST_F(PidfileTest, ASymbolicLinkIsRefused) {
    folder_.write("real", "1\n");
    fs::create_symlink("real", path_);
    EXPECT_EQ(read_pidfile(path_).error().kind, ErrorKind::denied);
}

TEST_F(PidfileTest, AFifoIsRefusedAtOnce) {
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    EXPECT_EQ(read_pidfile(path_).error().kind, ErrorKind::invalid);
}

TEST_F(PidfileTest, AFolderIsRefused) {
    fs::create_directory(path_);
    EXPECT_EQ(read_pidfile(path_).error().kind, ErrorKind::invalid);
}

TEST_F(PidfileTest, OnlyTheBeginningOfAHugeFileIsRead) {
    write("4711\n" + std::string(50'000'000, 'x'));
    EXPECT_EQ(read_pidfile(path_).value().pid, 4711);
    write(std::string(5000, ' ') + "4711\n");
    EXPECT_EQ(read_pidfile(path_).error().kind, ErrorKind::invalid);
}

TEST_F(PidfileTest, OneThatOthersCanWriteIsNotTrusted) {
    write("4711\n");
    fs::permissions(path_, fs::perms(0664));
    EXPECT_FALSE(trusted());
    fs::permissions(path_, fs::perms(0646));
    EXPECT_FALSE(trusted());
    fs::permissions(path_, fs::perms(0644));
    EXPECT_TRUE(trusted());
}

TEST_F(PidfileTest, OneInAFolderThatOthersCanWriteToIsNotTrusted) {
    write("4711\n");
    for (const auto mode : {0777, 01777, 0775}) {
        fs::permissions(folder_.path(), fs::perms(mode));
        EXPECT_FALSE(trusted()) << std::oct << mode;
    }
}

TEST_F(PidfileTest, OneWithASecondNameIsNotTrusted) {
    write("4711\n");
    fs::create_hard_link(path_, folder_ / "second");
    EXPECT_FALSE(trusted());
}

TEST_F(PidfileTest, OneOfAnotherUserIsNotTrusted) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to make files of other users";
    write("4711\n");
    ASSERT_EQ(::chown(path_.c_str(), somebody, somebody), 0);
    EXPECT_FALSE(trusted());
    ASSERT_EQ(::chown(path_.c_str(), 0, somebody), 0);
    EXPECT_TRUE(trusted());
    ASSERT_EQ(::chown(folder_.path().c_str(), somebody, somebody), 0);
    EXPECT_FALSE(trusted());
}

// A service that owns a folder above the pidfile could point its path at the pidfile of another.
TEST_F(PidfileTest, ALinkInTheWayThatAnotherUserCouldHaveMadeIsRefused) {
    folder_.write("root/sshd.pid", "4711\n");
    fs::create_directory(folder_ / "theirs");
    fs::permissions(folder_ / "theirs", fs::perms(0777));
    fs::create_directory_symlink(folder_ / "root", folder_ / "theirs/run");
    EXPECT_EQ(read_pidfile(folder_ / "theirs/run/sshd.pid").error().kind, ErrorKind::denied);
    EXPECT_EQ(write_pidfile(folder_ / "theirs/run/sshd.pid", 1).error().kind, ErrorKind::denied);
    EXPECT_EQ(content_of(folder_ / "root/sshd.pid"), "4711\n");
}

TEST_F(PidfileTest, TheNumberAloneIsReadLikeTheClaim) {
    EXPECT_EQ(read_pid(path_).error().kind, ErrorKind::not_found);
    write("4711\n");
    fs::permissions(path_, fs::perms(0666));
    EXPECT_EQ(read_pid(path_).value(), 4711);
    write("starting\n");
    EXPECT_EQ(read_pid(path_).error().kind, ErrorKind::invalid);
    fs::remove(path_);
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    EXPECT_EQ(read_pid(path_).error().kind, ErrorKind::invalid);
}

TEST_F(PidfileTest, TheNumberAloneFollowsTheSameLinksAsTheClaim) {
    folder_.write("real/x.pid", "4711\n");
    fs::create_directory_symlink("real", folder_ / "run");
    EXPECT_EQ(read_pid(folder_ / "run/x.pid").value(), 4711);
    fs::create_symlink("real/x.pid", path_);
    EXPECT_EQ(read_pid(path_).error().kind, ErrorKind::denied);
    fs::create_directory(folder_ / "theirs");
    fs::permissions(folder_ / "theirs", fs::perms(0777));
    fs::create_directory_symlink(folder_ / "real", folder_ / "theirs/run");
    EXPECT_EQ(read_pid(folder_ / "theirs/run/x.pid").error().kind, ErrorKind::denied);
}

TEST_F(PidfileTest, WhatIsWrittenIsReadAgainAndTrusted) {
    const auto mask = ::umask(0);
    const auto written = write_pidfile(path_, 4711);
    ::umask(mask);
    ASSERT_TRUE(written);
    EXPECT_EQ(content_of(path_), "4711\n");
    EXPECT_EQ(fs::status(path_).permissions(), fs::perms(0644));
    EXPECT_EQ(read_pidfile(path_).value().pid, 4711);
    EXPECT_TRUE(trusted());
}

TEST_F(PidfileTest, WritingReplacesALinkAndSparesItsTarget) {
    const auto precious = folder_.write("precious", "data");
    fs::create_symlink("precious", path_);
    ASSERT_TRUE(write_pidfile(path_, 4711));
    EXPECT_EQ(content_of(precious), "data");
    EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(path_)));
    EXPECT_EQ(content_of(path_), "4711\n");
}

TEST_F(PidfileTest, WritingReplacesAHardLinkAndSparesTheOtherName) {
    const auto precious = folder_.write("precious", "data");
    fs::create_hard_link(precious, path_);
    ASSERT_TRUE(write_pidfile(path_, 4711));
    EXPECT_EQ(content_of(precious), "data");
}

TEST_F(PidfileTest, WritingReplacesAFifoWithoutWaiting) {
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    ASSERT_TRUE(write_pidfile(path_, 4711));
    EXPECT_EQ(read_pidfile(path_).value().pid, 4711);
}

TEST_F(PidfileTest, WhereAFolderHasTheNameNothingIsLeftBehind) {
    fs::create_directory(path_);
    const auto written = write_pidfile(path_, 4711);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().message.rfind("cannot write " + path_, 0), 0U)
        << written.error().message;
    EXPECT_EQ(folder_.entry_count(), 1U);
}

TEST_F(PidfileTest, WritingToAMissingFolderIsNotFound) {
    EXPECT_EQ(write_pidfile(folder_ / "none/x.pid", 1).error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace comar
