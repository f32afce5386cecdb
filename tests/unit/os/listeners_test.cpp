// SPDX-License-Identifier: MIT
#include "os/listeners.h"

#include <cstdint>
#include <set>
#include <string>

#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "os/unique_fd.h"
#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

const std::string columns = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n";
constexpr const char* table =
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 11 1 0 100\n"
    "   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12 1 0 100\n"
    "   2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000 0 0 13 1 0 100\n";
constexpr const char* table_v6 =
    "   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A "
    "00000000:00000000 00:00000000 00000000 0 0 21 1 0 100\n";

class ListenersTest : public testing::Test {
protected:
    void write(const std::string& name, const std::string& text) const {
        folder_.write("net/" + name, columns + text);
    }
    test::TemporaryFolder folder_;
};

TEST_F(ListenersTest, ThoseOfThatPortAreFoundAtAllAddresses) {
    write("tcp", table);
    write("tcp6", table_v6);
    EXPECT_EQ(listeners_at(8080, folder_.path()), (std::set<std::uint64_t>{11, 21}));
    EXPECT_EQ(listeners_at(80, folder_.path()), (std::set<std::uint64_t>{12}));
    EXPECT_TRUE(listeners_at(50000, folder_.path()).empty());
}

TEST_F(ListenersTest, OfUnixSocketsThoseThatListenAtThatPathAreFound) {
    write("unix",
          "ffff: 00000002 00000000 00010000 0001 01 31 /run/my app.sock\n"
          "ffff: 00000003 00000000 00000000 0001 03 32 /run/my app.sock\n"
          "ffff: 00000002 00000000 00010000 0001 01 33 /srv/run/my app.sock\n"
          "ffff: 00000002 00000000 00010000 0001 01 34 @/run/my app.sock\n"
          "ffff: 00000003 00000000 00000000 0001 03 35\n"
          "ffff: 00000002 00000000 00010000 0001 01 36 /run/my app.sock\n");
    EXPECT_EQ(listeners_at("/run/my app.sock", folder_.path()), (std::set<std::uint64_t>{31, 36}));
    EXPECT_TRUE(listeners_at("app.sock", folder_.path()).empty());
}

TEST_F(ListenersTest, WhatCannotBeReadHasNone) {
    EXPECT_TRUE(listeners_at(80, folder_.path()).empty());
    write("tcp", "nonsense\n");
    EXPECT_TRUE(listeners_at(80, folder_.path()).empty());
}

TEST_F(ListenersTest, TheKernelTellsOfOneOfOurs) {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    ASSERT_EQ(::bind(socket.get(), name, size), 0);
    ASSERT_EQ(::getsockname(socket.get(), name, &size), 0);
    const int port = ::ntohs(address.sin_port);
    EXPECT_TRUE(listeners_at(port).empty());
    ASSERT_EQ(::listen(socket.get(), 1), 0);
    struct stat status{};
    ASSERT_EQ(::fstat(socket.get(), &status), 0);
    EXPECT_EQ(listeners_at(port), (std::set<std::uint64_t>{status.st_ino}));
}

}  // namespace
}  // namespace comar
