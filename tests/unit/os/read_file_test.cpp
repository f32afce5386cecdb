// SPDX-License-Identifier: MIT
#include "os/read_file.h"

#include <filesystem>
#include <string>

#include <sys/stat.h>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

using test::TemporaryFolder;

TEST(ReadFileTest, ReadsWhatIsThereToTheLastByte) {
    const TemporaryFolder folder;
    const std::string content = std::string("a\0b\n", 4) + std::string(100'000, 'x');
    EXPECT_EQ(read_file(folder.write("f", content), content.size()), content);
}

TEST(ReadFileTest, MoreThanTheLimitIsAnErrorThatNamesIt) {
    const TemporaryFolder folder;
    const auto file = folder.write("f", "12345");
    EXPECT_EQ(read_file(file, 5), "12345");
    const auto read = read_file(file, 4);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().message, "cannot read " + file + ": larger than 4 bytes");
}

TEST(ReadFileTest, TheBeginningOfALargeFileIsEnoughWhereOneSaysSo) {
    const TemporaryFolder folder;
    EXPECT_EQ(read_beginning(folder.write("f", "12345"), 4), "1234");
}

TEST(ReadFileTest, AFifoIsRefusedAtOnce) {
    const TemporaryFolder folder;
    ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
    const auto read = read_file(folder / "fifo", 10);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::invalid);
}

TEST(ReadFileTest, DevicesAndFoldersAreRefused) {
    EXPECT_EQ(read_file("/dev/zero", 10).error().kind, ErrorKind::invalid);
    EXPECT_EQ(read_file("/tmp", 10).error().kind, ErrorKind::invalid);
}

TEST(ReadFileTest, SymbolicLinksAreFollowed) {
    const TemporaryFolder folder;
    folder.write("f", "content");
    std::filesystem::create_symlink("f", folder / "link");
    EXPECT_EQ(read_file(folder / "link", 10), "content");
}

TEST(ReadFileTest, AMissingFileIsNotFoundAndNamed) {
    const TemporaryFolder folder;
    const auto read = read_file(folder / "none", 10);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::not_found);
    EXPECT_EQ(read.error().message,
              "cannot open " + (folder / "none") + ": No such file or directory");
    EXPECT_EQ(read.error().os_error, ENOENT);
}

TEST(ReadFileTest, TheDescriptorDoesNotReachPrograms) {
    const TemporaryFolder folder;
    const auto fd = open_regular_file(folder.write("f", ""));
    ASSERT_TRUE(fd);
    EXPECT_EQ(::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

}  // namespace
}  // namespace comar
