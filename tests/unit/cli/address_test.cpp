// SPDX-License-Identifier: MIT
#include "cli/address.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <sys/socket.h>
#include <sys/un.h>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace comar::cli {
namespace {

Invocation with_root(std::string root) {
    Invocation invocation;
    invocation.root = std::move(root);
    return invocation;
}

TEST(AddressTest, WithoutAnyWishItIsTheSystemsSocketOrElseTheSystemBus) {
    const Address address = choose_address({}, nullptr);
    EXPECT_EQ(address.socket, "/run/comar/bus");
    EXPECT_TRUE(address.or_system_bus);
    EXPECT_EQ(address.options, "");
    EXPECT_EQ(address.start_command, "comard");
}

TEST(AddressTest, ARootHasItsOwnSocketAndNeverTheSystemBus) {
    const Address address = choose_address(with_root("/srv/demo"), nullptr);
    EXPECT_EQ(address.socket, "/srv/demo/run/comar/bus");
    EXPECT_FALSE(address.or_system_bus);
    EXPECT_EQ(address.options, " --root /srv/demo");
    EXPECT_EQ(address.start_command, "comard --root /srv/demo");
}

TEST(AddressTest, TheEnvironmentsRootCountsWhereNoneIsGiven) {
    EXPECT_EQ(choose_address({}, "/srv/demo").socket, "/srv/demo/run/comar/bus");
    EXPECT_FALSE(choose_address({}, "/srv/demo").or_system_bus);
    EXPECT_EQ(choose_address({}, "/srv/demo").options, "");
    EXPECT_EQ(choose_address(with_root("/a"), "/b").socket, "/a/run/comar/bus");
    EXPECT_EQ(choose_address({}, "").socket, "/run/comar/bus");
    EXPECT_TRUE(choose_address({}, "").or_system_bus);
}

TEST(AddressTest, ASocketIsStrongerThanARoot) {
    Invocation invocation = with_root("/a");
    invocation.socket = "/tmp/bus";
    const Address address = choose_address(invocation, "/b");
    EXPECT_EQ(address.socket, "/tmp/bus");
    EXPECT_FALSE(address.or_system_bus);
    EXPECT_EQ(address.options, " --socket /tmp/bus");
}

TEST(AddressTest, TheSocketTellsWhichComardListensThere) {
    Invocation invocation;
    invocation.socket = "/a/run/comar/bus";
    EXPECT_EQ(choose_address(invocation, nullptr).start_command, "comard --root /a");
}

TEST(AddressTest, SlashesAtTheEndOfARootDoNotMatter) {
    EXPECT_EQ(choose_address(with_root("/a//"), nullptr).socket, "/a/run/comar/bus");
    EXPECT_EQ(choose_address(with_root("/"), nullptr).socket, "/run/comar/bus");
    EXPECT_FALSE(choose_address(with_root("/"), nullptr).or_system_bus);
}

/// A socket that somebody listens on, in a folder that goes with the test.
class ConnectTest : public ::testing::Test {
protected:
    ConnectTest() {
        std::string name = std::filesystem::temp_directory_path() / "comar-address-XXXXXX";
        folder_ = ::mkdtemp(name.data());
    }
    ~ConnectTest() override { std::filesystem::remove_all(folder_); }

    void listen_at(const std::string& path) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        ASSERT_LT(path.size(), sizeof(address.sun_path));
        std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
        listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const auto* plain = reinterpret_cast<const sockaddr*>(&address);
        ASSERT_EQ(::bind(listener_.get(), plain, sizeof(address)), 0);
        ASSERT_EQ(::listen(listener_.get(), 1), 0);
    }

    std::string folder_;
    UniqueFd listener_;
};

TEST_F(ConnectTest, ReachesAListener) {
    listen_at(folder_ + "/bus");
    const auto fd = connect_to(folder_ + "/bus");
    ASSERT_TRUE(fd) << fd.error().message;
    EXPECT_GT(fd->get(), STDERR_FILENO);
    EXPECT_NE(::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(ConnectTest, ReachesAListenerWhosePathIsLongerThanAnAddress) {
    listen_at(folder_ + "/bus");
    const std::string deep = folder_ + "/" + std::string(150, 'd');
    std::filesystem::create_directory(deep);
    std::filesystem::rename(folder_ + "/bus", deep + "/bus");
    const auto fd = connect_to(deep + "/bus");
    EXPECT_TRUE(fd) << fd.error().message;
}

TEST_F(ConnectTest, SaysThatNobodyListens) {
    const auto missing = connect_to(folder_ + "/bus");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::unavailable);
    EXPECT_EQ(missing.error().message,
              "cannot connect to " + folder_ + "/bus: No such file or directory");

    listen_at(folder_ + "/bus");
    listener_.reset();
    const auto stale = connect_to(folder_ + "/bus");
    ASSERT_FALSE(stale);
    EXPECT_EQ(stale.error().kind, ErrorKind::unavailable);
}

}  // namespace
}  // namespace comar::cli
