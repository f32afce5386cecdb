// SPDX-License-Identifier: MIT
#include "bus/peer_server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "unit/bus/private_bus.h"

namespace comar::bus {
namespace {

class PeerServerTest : public test::PrivateBusTest {
protected:
    static void write_all(int fd, std::string_view bytes) {
        ASSERT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(bytes.size()));
    }

    /// Runs the loop until the server has hung up; what it said before.
    std::string read_to_end(int fd) {
        ::fcntl(fd, F_SETFL, O_NONBLOCK);
        std::string text;
        EXPECT_TRUE(run_until([&] {
            std::array<char, 4096> bytes{};
            ssize_t size = 0;
            while ((size = ::read(fd, bytes.data(), bytes.size())) > 0)
                text.append(bytes.data(), static_cast<std::size_t>(size));
            if (size < 0 && errno == EAGAIN) wake_soon();
            return size == 0 || errno != EAGAIN;
        })) << text;
        return text;
    }

    /// Runs the loop until the server has said something or has hung up: "".
    std::string read_some(int fd) {
        ::fcntl(fd, F_SETFL, O_NONBLOCK);
        std::array<char, 4096> bytes{};
        ssize_t size = -1;
        EXPECT_TRUE(run_until([&] {
            size = ::read(fd, bytes.data(), bytes.size());
            if (size < 0 && errno == EAGAIN) wake_soon();
            return size >= 0 || errno != EAGAIN;
        }));
        return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
    }

    /// A plain descriptor is no event of the loop: makes it look again.
    void wake_soon() { looking_.arm(std::chrono::milliseconds(1)); }

    /// Authenticated, and a message may follow.
    UniqueFd authenticated() {
        auto fd = socket_client();
        write_all(fd.get(), std::string_view("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n", 29));
        return fd;
    }

    /// The first 16 bytes of a method call with a body of that size.
    static std::string header(std::uint32_t body_size) {
        std::string bytes("l\1\0\1", 4);
        for (const std::uint32_t number : {body_size, 1U, 0U})
            bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
        return bytes;
    }

    Timer looking_{loop_, [] {}};
};

TEST_F(PeerServerTest, PlainClientsAreServedAndGetSignals) {
    listen();
    handler_ = [](Connection& connection, Message& call) {
        return connection.send(call.reply().value()).has_value();
    };
    test::PlainClient client(loop_, address());
    client.call("/", "a.b", "c");
    ASSERT_TRUE(run_until([&] { return client.replies().size() == 1; }));
    EXPECT_FALSE(client.replies()[0].is_error());
    ASSERT_TRUE(server_->broadcast("/package/nginx", "a.b", "Changed",
                                   [](Message&) { return Result<>(); }));
    ASSERT_TRUE(run_until([&] { return client.signals().size() == 1; }));
    EXPECT_EQ(client.signals()[0].path(), "/package/nginx");
    EXPECT_EQ(client.signals()[0].sender(), ":1.0");
}

TEST_F(PeerServerTest, BusClientsGetSignalsOnceTheyAsk) {
    listen();
    const auto client = bus_client();
    int filled = 0;
    const auto fill = [&](Message&) {
        ++filled;
        return Result<>();
    };
    ASSERT_TRUE(server_->broadcast("/", "a.b", "Changed", fill));
    call_driver(*client, "AddMatch", "s",
                {"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'"});
    ASSERT_TRUE(server_->broadcast("/", "a.b", "Changed", fill));
    EXPECT_EQ(filled, 0);
    call_driver(*client, "AddMatch", "s", {"type='signal',interface='a.b'"});
    ASSERT_TRUE(server_->broadcast("/", "a.b", "Changed", fill));
    EXPECT_EQ(filled, 1);
    ASSERT_TRUE(server_->broadcast("/", "a.c", "Changed", fill));
    EXPECT_EQ(filled, 1) << "no rule asks for that";
    EXPECT_TRUE(server_->has_subscribers("a.b", "Other"));
    EXPECT_FALSE(server_->has_subscribers("a.c", "Changed"));
}

TEST_F(PeerServerTest, OneSignalReachesAllClients) {
    listen();
    std::vector<std::unique_ptr<test::PlainClient>> clients;
    for (int count = 0; count < 5; ++count)
        clients.push_back(std::make_unique<test::PlainClient>(loop_, address()));
    const auto ready = [&] {
        const auto connections = server_->connections();
        return connections.size() == 5 &&
               std::all_of(connections.begin(), connections.end(),
                           [](const auto& connection) { return connection->is_ready(); });
    };
    ASSERT_TRUE(run_until(ready));
    int filled = 0;
    for (int round = 0; round < 3; ++round)
        ASSERT_TRUE(server_->broadcast("/", "a.b", "Changed", [&](Message& signal) {
            ++filled;
            return append_body(signal.get(), "s", {"x"}, {.member = "Changed"});
        }));
    EXPECT_EQ(filled, 3) << "each was made once for all clients";
    for (const auto& client : clients) {
        ASSERT_TRUE(run_until([&] { return client->signals().size() == 3; }));
        EXPECT_EQ(client->signals()[2].signature(), "s");
    }
}

TEST_F(PeerServerTest, AnErrorOfFillIsReturnedAndNothingIsSent) {
    listen();
    test::PlainClient client(loop_, address());
    ASSERT_TRUE(run_until([&] {
        return server_->connections().size() == 1 && server_->connections()[0]->is_ready();
    }));
    const auto result = server_->broadcast("/", "a.b", "Changed", [](Message& signal) {
        return append_body(signal.get(), "s", {5}, {.member = "Changed"});
    });
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::invalid);
}

TEST_F(PeerServerTest, OnlyExternalAuthenticationWithTheTrueUidIsTaken) {
    listen();
    // 4294967294 and 1234567 are not who we are.
    for (const char* claim : {"AUTH ANONYMOUS\r\n", "AUTH EXTERNAL 34323934393637323934\r\n",
                              "AUTH EXTERNAL 31323334353637\r\n", "AUTH DBUS_COOKIE_SHA1 30\r\n",
                              "AUTH EXTERNAL zz\r\n"}) {
        const auto fd = socket_client();
        write_all(fd.get(), std::string_view("\0", 1));
        write_all(fd.get(), claim);
        const auto said = read_some(fd.get());
        EXPECT_FALSE(said.starts_with("OK")) << claim;
        EXPECT_TRUE(said.empty() || said.starts_with("REJECTED")) << claim << said;
    }
}

TEST_F(PeerServerTest, NobodyIsServedBeforeAuthentication) {
    listen();
    bool reached = false;
    handler_ = [&](Connection&, Message&) {
        reached = true;
        return false;
    };
    const auto fd = socket_client();
    write_all(fd.get(), std::string_view("\0BEGIN\r\n", 8));
    write_all(fd.get(), header(0));
    EXPECT_TRUE(read_some(fd.get()).starts_with("ERROR"));
    call_driver(*bus_client(), "GetId");  // whatever came before was looked at by then
    EXPECT_FALSE(reached);
}

TEST_F(PeerServerTest, GarbageEndsItsOwnConnectionAlone) {
    listen();
    const auto good = bus_client();
    for (const auto& garbage :
         {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(100'000, '\0'),
          std::string(100'000, 'A'),
          std::string("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\nxxxxxxxxxxxxxxxxxx", 47)}) {
        const auto fd = socket_client();
        (void)::send(fd.get(), garbage.data(), garbage.size(), MSG_NOSIGNAL);
        read_to_end(fd.get());
    }
    EXPECT_FALSE(call_driver(*good, "GetId").is_error());
    EXPECT_TRUE(run_until([&] { return server_->connections().size() == 1; }));
}

TEST_F(PeerServerTest, AMessageThatGrowsTooLargeEndsTheConnection) {
    listen();
    const auto fd = authenticated();
    write_all(fd.get(), header(8U << 20U));
    const std::string block(64 * 1024, '\0');
    std::size_t sent = 0;
    ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
    EXPECT_TRUE(run_until([&] {
        const auto size = ::send(fd.get(), block.data(), block.size(), MSG_NOSIGNAL);
        if (size > 0) sent += static_cast<std::size_t>(size);
        wake_soon();
        return size < 0 && errno == EPIPE;
    }));
    EXPECT_GE(sent, std::size_t{1} << 20);
    EXPECT_LE(sent, std::size_t{4} << 20) << "it was let go on for too long";
    EXPECT_TRUE(run_until([&] { return server_->connections().empty(); }));
}

TEST_F(PeerServerTest, MessagesOfAnyAllowedSizeArrive) {
    listen();
    std::size_t arrived = 0;
    handler_ = [&](Connection& connection, Message& call) {
        arrived = read_body(call.get()).value().at(0).get_ref<const std::string&>().size();
        return connection.send(call.reply().value()).has_value();
    };
    const auto client = bus_client();
    for (const std::size_t size : {0U, 1U, 4096U, 65536U, 300'000U, 1'000'000U}) {
        const auto reply =
            call(*client, "tr.org.pardus.comar", "/", "a.b", "c", "s", {std::string(size, 'x')});
        EXPECT_FALSE(reply.is_error());
        EXPECT_EQ(arrived, size);
    }
}

TEST_F(PeerServerTest, ManySmallCallsAtOnceAreNoLargeMessage) {
    listen();
    int arrived = 0;
    handler_ = [&](Connection& connection, Message& call) {
        ++arrived;
        return connection.send(call.reply().value()).has_value();
    };
    test::PlainClient client(loop_, address());
    constexpr int count = 3000;
    for (int index = 0; index < count; ++index) client.call("/", "a.b", "c");
    ASSERT_TRUE(run_until([&] { return client.replies().size() == count; }));
    EXPECT_EQ(arrived, count);
}

TEST_F(PeerServerTest, AClientThatDoesNotReadIsDropped) {
    listen({.path = {}, .names = {}, .limits = {.queued_messages = 50}});
    const auto fd = authenticated();
    ASSERT_TRUE(run_until([&] {
        return server_->connections().size() == 1 && server_->connections()[0]->is_ready();
    }));
    const auto connection = server_->connections()[0];
    std::string gone;
    server_->on_client_gone([&](const std::string& name) { gone = name; });
    const std::string text(1000, 'x');
    int rounds = 0;
    for (; connection->is_open() && rounds < 100'000; ++rounds) {
        ASSERT_LE(connection->queued(), 50U);
        ASSERT_TRUE(server_->broadcast("/", "a.b", "Changed", [&](Message& signal) {
            return append_body(signal.get(), "s", {text}, {.member = "Changed"});
        }));
    }
    EXPECT_FALSE(connection->is_open());
    EXPECT_LT(rounds, 1000) << "the kernel keeps little for it";
    EXPECT_EQ(gone, "") << "not inside broadcast";
    EXPECT_TRUE(run_until([&] { return gone == ":1.1"; }));
}

TEST_F(PeerServerTest, CallsOfAClientThatDoesNotReadItsRepliesWait) {
    listen();
    int arrived = 0;
    handler_ = [&](Connection& connection, Message& call) {
        ++arrived;
        auto reply = call.reply().value();
        EXPECT_TRUE(append_body(reply.get(), "s", {std::string(10'000, 'x')}, {.member = "c"}));
        return connection.send(reply).has_value();
    };
    auto client = std::make_unique<test::PlainClient>(loop_, address());
    client->call("/", "a.b", "c");
    ASSERT_TRUE(run_until([&] { return client->replies().size() == 1; }));

    // From now on it writes and never reads.
    sd_bus_detach_event(client->bus());
    for (int count = 0; count < 300; ++count) client->call("/", "a.b", "c");
    const auto connection = server_->connections()[0];
    ASSERT_TRUE(run_until([&] { return connection->queued() > 0; }));
    const int before = arrived;
    for (int turn = 0; turn < 100; ++turn) sd_event_run(loop_.event(), 0);
    EXPECT_EQ(arrived, before);
    EXPECT_LE(connection->queued(), 2U);
    EXPECT_LT(arrived, 150);

    // And when it reads again, all are answered.
    ASSERT_GE(sd_bus_attach_event(client->bus(), loop_.event(), 0), 0);
    EXPECT_TRUE(run_until([&] { return client->replies().size() == 301; }));
}

TEST_F(PeerServerTest, FileDescriptorsAreRefused) {
    listen();
    bool reached = false;
    handler_ = [&](Connection&, Message&) {
        reached = true;
        return false;
    };
    const auto fd = authenticated();
    auto bytes = header(0);
    iovec part{bytes.data(), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header_of_fd = CMSG_FIRSTHDR(&message);
    header_of_fd->cmsg_level = SOL_SOCKET;
    header_of_fd->cmsg_type = SCM_RIGHTS;
    header_of_fd->cmsg_len = CMSG_LEN(sizeof(int));
    int witness[2] = {-1, -1};
    ASSERT_EQ(::pipe2(witness, O_CLOEXEC | O_NONBLOCK), 0);
    std::memcpy(CMSG_DATA(header_of_fd), &witness[1], sizeof witness[1]);
    ASSERT_GT(::sendmsg(fd.get(), &message, MSG_NOSIGNAL), 0);
    ::close(witness[1]);
    read_to_end(fd.get());
    EXPECT_FALSE(reached);
    char byte = 0;
    EXPECT_EQ(::read(witness[0], &byte, 1), 0) << "no copy of the descriptor is left";
    ::close(witness[0]);
}

TEST_F(PeerServerTest, LocalSignalsFromOutsideAreNotBelieved) {
    listen();
    const auto good = bus_client();
    for (const char* member : {"Disconnected", "Connected"}) {
        test::PlainClient client(loop_, address());
        client.signal("/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local", member);
        client.call("/", "org.freedesktop.DBus.Peer", "Ping");
        EXPECT_TRUE(run_until([&] { return !client.replies().empty(); }));
    }
    EXPECT_FALSE(call_driver(*good, "GetId").is_error());
}

TEST_F(PeerServerTest, ConnectionsOfOneUserAreBounded) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs to be another user for a moment";
    listen({.path = {},
            .names = {},
            .max_connections = 6,
            .max_connections_per_user = 2,
            .reserved_connections = 1});
    ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
    std::vector<UniqueFd> clients;
    const auto connect_as = [&](uid_t uid) {
        EXPECT_EQ(::seteuid(uid), 0);  // SO_PEERCRED has the effective uid
        clients.push_back(socket_client());
        EXPECT_EQ(::seteuid(0), 0);
    };
    const auto served_after_all_were_seen = [&] {
        for (int turn = 0; turn < 20; ++turn) sd_event_run(loop_.event(), 0);
        return server_->connections().size();
    };
    for (int count = 0; count < 4; ++count) connect_as(65534);
    EXPECT_EQ(served_after_all_were_seen(), 2U) << "two of one user";
    connect_as(4000000000U);
    connect_as(4000000001U);
    connect_as(4000000002U);
    connect_as(4000000003U);
    EXPECT_EQ(served_after_all_were_seen(), 5U) << "the last place is reserved";
    connect_as(0);
    connect_as(0);
    EXPECT_EQ(served_after_all_were_seen(), 6U) << "for root, and no more than that";
}

TEST_F(PeerServerTest, RunningOutOfDescriptorsPassesBy) {
    listen();
    std::vector<std::string> failures;
    server_->on_accept_failed([&](const Error& error) { failures.push_back(error.message); });
    const auto client = socket_client();
    // UBSan looks at the first object of a class through a pipe, for which there is no descriptor
    // later.
    ASSERT_EQ(fmt::format("{:>2}", 1), " 1");
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{3, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const bool told = run_until([&] { return !failures.empty(); });
    for (int turn = 0; turn < 20; ++turn) sd_event_run(loop_.event(), 0);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_TRUE(told);
    EXPECT_EQ(failures, std::vector<std::string>{"cannot accept a client: Too many open files"});
    EXPECT_TRUE(run_until([&] { return server_->connections().size() == 1; }));
}

TEST_F(PeerServerTest, MayBeMoved) {
    listen();
    PeerServer moved = std::move(*server_);
    server_ = std::make_unique<PeerServer>(std::move(moved));
    EXPECT_FALSE(call_driver(*bus_client(), "GetId").is_error());
    EXPECT_EQ(server_->path(), folder_ / "bus");
}

}  // namespace
}  // namespace comar::bus
