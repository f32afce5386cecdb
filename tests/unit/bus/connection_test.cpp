// SPDX-License-Identifier: MIT
#include "bus/connection.h"

#include <array>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/socket.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include "unit/bus/private_bus.h"

namespace comar::bus {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* comar_name = "tr.org.pardus.comar";

class ConnectionTest : public test::PrivateBusTest {
protected:
    void SetUp() override { listen(); }

    Result<Message> request(Connection& client, const std::string& member) {
        return Message::method_call(client, comar_name, "/", "a.b", member);
    }
    void answer(Connection& connection, const Message& call) {
        EXPECT_TRUE(connection.send(call.reply().value()));
    }
};

TEST_F(ConnectionTest, EveryCallReachesTheHandlerTheStandardInterfacesToo) {
    std::vector<std::string> seen;
    handler_ = [&](Connection& connection, Message& call) {
        seen.push_back(std::string(call.interface()) + " " + std::string(call.path()));
        answer(connection, call);
        return true;
    };
    const auto client = bus_client();
    const std::vector<std::pair<std::string, std::string>> members{
        {"org.freedesktop.DBus.Introspectable", "Introspect"},
        {"org.freedesktop.DBus.Properties", "GetAll"},
        {"org.freedesktop.DBus.ObjectManager", "GetManagedObjects"},
        {"tr.org.pardus.comar", "register"},
    };
    for (const auto& [interface, member] : members) {
        const auto reply = call(*client, comar_name, "/no/such/object", interface, member);
        EXPECT_FALSE(reply.is_error()) << reply.error().text;
        EXPECT_EQ(reply.sender(), ":1.0");
        ASSERT_FALSE(seen.empty());
        EXPECT_EQ(seen.back(), interface + " /no/such/object");
    }
    EXPECT_EQ(seen.size(), members.size());
}

TEST_F(ConnectionTest, SdBusAnswersPeerAndWhatTheHandlerLeaves) {
    int seen = 0;
    handler_ = [&](Connection&, Message&) {
        ++seen;
        return false;
    };
    const auto client = bus_client();
    EXPECT_FALSE(call(*client, comar_name, "/x", "org.freedesktop.DBus.Peer", "Ping").is_error());
    EXPECT_EQ(seen, 0);
    EXPECT_EQ(call(*client, comar_name, "/x", "a.b", "c").error().name,
              "org.freedesktop.DBus.Error.UnknownObject");
    EXPECT_EQ(seen, 1);
}

TEST_F(ConnectionTest, WhatTheHandlerThrowsIsAnErrorOfThatCallAlone) {
    handler_ = [&](Connection& connection, Message& call) {
        if (call.member() == "bad") throw std::runtime_error("out of ink");
        answer(connection, call);
        return true;
    };
    const auto client = bus_client();
    EXPECT_EQ(call(*client, comar_name, "/", "a.b", "bad").error().text,
              "cannot answer: out of ink");
    EXPECT_FALSE(call(*client, comar_name, "/", "a.b", "good").is_error());
}

TEST_F(ConnectionTest, KnowsItsPeerFromTheKernel) {
    std::optional<PeerCredentials> peer;
    std::string name;
    handler_ = [&](Connection& connection, Message& call) {
        peer = connection.peer();
        name = connection.caller_name(call);
        answer(connection, call);
        return true;
    };
    test::PlainClient client(loop_, address());
    sd_bus_message* forged = nullptr;
    ASSERT_GE(sd_bus_message_new_method_call(client.bus(), &forged, nullptr, "/", "a.b", "c"), 0);
    const auto owned = Message::adopt(forged);
    ASSERT_GE(sd_bus_message_set_sender(forged, ":1.0"), 0);
    ASSERT_GE(sd_bus_send(client.bus(), forged, nullptr), 0);
    ASSERT_TRUE(run_until([&] { return peer.has_value(); }));
    EXPECT_EQ(peer->uid, ::getuid());
    EXPECT_EQ(peer->gid, ::getgid());
    EXPECT_EQ(peer->pid, ::getpid());
    EXPECT_EQ(name, ":1.1") << "what the client says of itself is not believed";
}

TEST_F(ConnectionTest, AnswersMayComeLater) {
    Message waiting;
    std::weak_ptr<Connection> from;
    handler_ = [&](Connection& connection, Message& call) {
        waiting = call;
        from = connection.weak_from_this();
        return true;
    };
    const auto client = bus_client();
    Message answered;
    auto slot = client->call_async(request(*client, "slow").value(), seconds(10),
                                   [&](Message& reply) { answered = reply; });
    ASSERT_TRUE(slot);
    ASSERT_TRUE(run_until([&] { return static_cast<bool>(waiting); }));
    EXPECT_FALSE(answered);
    const auto connection = from.lock();
    ASSERT_TRUE(connection);
    answer(*connection, waiting);
    EXPECT_TRUE(run_until([&] { return static_cast<bool>(answered); }));
    EXPECT_FALSE(answered.is_error());
}

TEST_F(ConnectionTest, AnAnswerToAClientThatHasGoneIsAnErrorAndNothingElse) {
    Message waiting;
    std::shared_ptr<Connection> from;
    std::string gone;
    handler_ = [&](Connection& connection, Message& call) {
        waiting = call;
        from = connection.shared_from_this();
        return true;
    };
    server_->on_client_gone([&](const std::string& name) { gone = name; });
    auto client = bus_client();
    auto slot = client->call_async(request(*client, "slow").value(), seconds(10), [](Message&) {});
    ASSERT_TRUE(run_until([&] { return static_cast<bool>(waiting); }));
    client->close();
    ASSERT_TRUE(run_until([&] { return !gone.empty(); }));
    EXPECT_EQ(gone, ":1.1");
    EXPECT_FALSE(from->is_open());
    EXPECT_EQ(server_->find(":1.1"), nullptr);
    const auto reply = waiting.reply();
    ASSERT_TRUE(reply) << reply.error().message;
    const auto sent = from->send(*reply);
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().kind, ErrorKind::unavailable);
}

TEST_F(ConnectionTest, ACallThatIsNotAnsweredTimesOut) {
    handler_ = [](Connection&, Message&) { return true; };
    const auto client = bus_client();
    Message answered;
    const auto slot = client->call_async(request(*client, "never").value(), milliseconds(5),
                                         [&](Message& reply) { answered = reply; });
    ASSERT_TRUE(run_until([&] { return static_cast<bool>(answered); }));
    EXPECT_EQ(answered.error().name, "org.freedesktop.DBus.Error.NoReply");
}

TEST_F(ConnectionTest, ADestroyedSlotIsNeverCalledBack) {
    int arrived = 0;
    handler_ = [&](Connection& connection, Message& call) {
        ++arrived;
        answer(connection, call);
        return true;
    };
    const auto client = bus_client();
    auto slot = client->call_async(request(*client, "cancelled").value(), seconds(10),
                                   [](Message&) { ADD_FAILURE(); });
    ASSERT_TRUE(slot);
    slot->reset();
    EXPECT_FALSE(*slot);
    call(*client, comar_name, "/", "a.b", "next");
    EXPECT_EQ(arrived, 2);
}

TEST_F(ConnectionTest, LosingTheConnectionAnswersWhatWaitsAndThenTellsSo) {
    handler_ = [](Connection&, Message&) { return true; };
    const auto client = bus_client();
    std::string order;
    const auto first = client->call_async(request(*client, "never").value(), milliseconds(-1),
                                          [&](Message& reply) {
                                              EXPECT_TRUE(reply.is_error());
                                              order += "reply ";
                                          });
    ASSERT_TRUE(first);
    client->on_closed([&] { order += "closed"; });
    server_.reset();
    ASSERT_TRUE(run_until([&] { return order.ends_with("closed"); }));
    EXPECT_EQ(order, "reply closed");
    EXPECT_FALSE(client->is_open());
    EXPECT_FALSE(client->is_ready());
    EXPECT_EQ(client->unique_name(), "");
    EXPECT_FALSE(request(*client, "late"));
}

TEST_F(ConnectionTest, AfterCloseNothingIsCalledBack) {
    handler_ = [](Connection&, Message&) { return true; };
    const auto client = bus_client();
    auto slot = client->call_async(request(*client, "never").value(), seconds(10),
                                   [](Message&) { ADD_FAILURE(); });
    client->on_closed([] { ADD_FAILURE(); });
    client->close();
    client->close();
    ASSERT_TRUE(run_until([&] { return server_->connections().empty(); }));
}

TEST_F(ConnectionTest, ACallBackMayDropTheConnection) {
    handler_ = [&](Connection& connection, Message&) {
        connection.close();
        return true;
    };
    auto client = bus_client();
    bool closed = false;
    client->on_closed([&] {
        closed = true;
        client.reset();
    });
    Message answered;
    auto slot = client->call_async(request(*client, "fatal").value(), seconds(10),
                                   [&](Message& reply) { answered = reply; });
    ASSERT_TRUE(run_until([&] { return closed; }));
    EXPECT_TRUE(answered.is_error());
    EXPECT_EQ(client, nullptr);
}

TEST_F(ConnectionTest, ConnectingToNobodyIsUnavailable) {
    for (const auto& where :
         {std::string("unix:path=/nonexistent/bus"), "unix:path=" + folder_.write("file", "")}) {
        const auto client = Connection::connect(loop_, where);
        ASSERT_FALSE(client);
        EXPECT_EQ(client.error().kind, ErrorKind::unavailable);
        EXPECT_TRUE(client.error().message.starts_with("cannot connect to the bus at " + where))
            << client.error().message;
    }
    EXPECT_FALSE(Connection::connect(loop_, "nonsense"));
    EXPECT_FALSE(Connection::connect(loop_, ""));
}

TEST_F(ConnectionTest, SignalsReachWhoSubscribed) {
    const auto client = bus_client();
    std::vector<std::string> seen;
    auto slot = client->subscribe("type='signal',interface='a.b'", [&](Message& signal) {
        seen.push_back(read_body(signal.get()).value().dump());
    });
    ASSERT_TRUE(slot) << slot.error().message;
    call_driver(*client, "GetId");  // by then the rule is there
    const auto fill = [](Message& signal) {
        return append_body(signal.get(), "s", {"x"}, {.member = "Changed"});
    };
    ASSERT_TRUE(server_->broadcast("/", "a.b", "Changed", fill));
    ASSERT_TRUE(server_->broadcast("/", "a.other", "Changed", fill));
    ASSERT_TRUE(server_->broadcast("/", "a.b", "Changed", fill));
    ASSERT_TRUE(run_until([&] { return seen.size() == 2; }));
    EXPECT_EQ(seen.front(), R"(["x"])");

    slot->reset();
    call_driver(*client, "GetId");
    int filled = 0;
    ASSERT_TRUE(server_->broadcast("/", "a.b", "Changed", [&](Message&) -> Result<> {
        ++filled;
        return {};
    }));
    EXPECT_EQ(filled, 0) << "nobody wants signals any more";
}

}  // namespace
}  // namespace comar::bus
