// SPDX-License-Identifier: MIT
#include "bus/listening_socket.h"

#include <filesystem>
#include <string>

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "unit/os/temporary_folder.h"

namespace comar::bus {
namespace {

mode_t mode_of(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

class ListeningSocketTest : public testing::Test {
protected:
    comar::test::TemporaryFolder folder_;
    std::string path_ = folder_ / "bus";
};

TEST_F(ListeningSocketTest, HasTheModeWhateverTheUmaskIs) {
    const mode_t before = ::umask(0077);
    const auto open = ListeningSocket::create(path_, 0666);
    const auto closed = ListeningSocket::create(folder_ / "closed", 0600);
    EXPECT_EQ(::umask(before), 0077U) << "the umask is as it was";
    ASSERT_TRUE(open) << open.error().message;
    ASSERT_TRUE(closed);
    EXPECT_EQ(mode_of(path_), 0666U);
    EXPECT_EQ(mode_of(folder_ / "closed"), 0600U);
}

TEST_F(ListeningSocketTest, ReplacesWhatADeadProgramLeft) {
    {
        auto abandoned = ListeningSocket::create(path_, 0666);
        ASSERT_TRUE(abandoned);
        // Closed without unlinking, as a kill does.
        std::filesystem::rename(path_, folder_ / "kept");
    }
    std::filesystem::rename(folder_ / "kept", path_);
    const auto next = ListeningSocket::create(path_, 0666);
    EXPECT_TRUE(next) << next.error().message;
}

TEST_F(ListeningSocketTest, LeavesOneThatIsServedAlone) {
    const auto first = ListeningSocket::create(path_, 0666);
    ASSERT_TRUE(first);
    const auto second = ListeningSocket::create(path_, 0666);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::busy);
    EXPECT_EQ(second.error().message,
              "cannot listen at " + path_ + ": another program listens there");
    EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(ListeningSocketTest, NeverRemovesWhatIsNoSocket) {
    folder_.write("bus", "precious");
    const auto socket = ListeningSocket::create(path_, 0666);
    ASSERT_FALSE(socket);
    EXPECT_EQ(socket.error().kind, ErrorKind::invalid);
    EXPECT_EQ(comar::test::content_of(path_), "precious");

    std::filesystem::create_symlink(path_, folder_ / "link");
    EXPECT_FALSE(ListeningSocket::create(folder_ / "link", 0666));
    EXPECT_EQ(comar::test::content_of(path_), "precious");
}

TEST_F(ListeningSocketTest, RemovesItsOwnPathAtTheEndAndNoOther) {
    {
        auto first = ListeningSocket::create(path_, 0666);
        ASSERT_TRUE(first);
        ListeningSocket moved = std::move(*first);
        EXPECT_TRUE(std::filesystem::exists(path_));
    }
    EXPECT_FALSE(std::filesystem::exists(path_));
    {
        const auto second = ListeningSocket::create(path_, 0666);
        ASSERT_TRUE(second);
        std::filesystem::remove(path_);
        folder_.write("bus", "somebody else's");
    }
    EXPECT_EQ(comar::test::content_of(path_), "somebody else's");
}

TEST_F(ListeningSocketTest, APathThatNoSocketCanHaveIsAnError) {
    const auto long_path = folder_ / std::string(108, 'x');
    const auto socket = ListeningSocket::create(long_path, 0666);
    ASSERT_FALSE(socket);
    EXPECT_EQ(socket.error().kind, ErrorKind::invalid);
    EXPECT_FALSE(ListeningSocket::create("", 0666));
    EXPECT_FALSE(ListeningSocket::create(folder_ / "missing/bus", 0666));
}

TEST_F(ListeningSocketTest, AcceptsNobodyWhenNobodyIsThere) {
    const auto socket = ListeningSocket::create(path_, 0666);
    ASSERT_TRUE(socket);
    const auto client = socket->accept();
    ASSERT_TRUE(client);
    EXPECT_FALSE(*client);
}

}  // namespace
}  // namespace comar::bus
