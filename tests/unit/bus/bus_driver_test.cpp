// SPDX-License-Identifier: MIT
#include "bus/bus_driver.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "unit/bus/private_bus.h"

namespace comar::bus {
namespace {

Json json(const char* text) { return Json::parse(text); }

class BusDriverTest : public test::PrivateBusTest {
protected:
    void SetUp() override { listen(); }

    /// The arguments of the driver's answer.
    Json asked(Connection& client, const std::string& member, const std::string& signature = "",
               const Json& arguments = Json::array()) {
        const auto reply = call_driver(client, member, signature, arguments);
        EXPECT_FALSE(reply.is_error()) << reply.error().text;
        EXPECT_EQ(reply.sender(), "org.freedesktop.DBus");
        return read_body(reply.get()).value_or(Json());
    }

    std::string refused(Connection& client, const std::string& member,
                        const std::string& signature = "", const Json& arguments = Json::array()) {
        return call_driver(client, member, signature, arguments).error().name;
    }
};

TEST_F(BusDriverTest, HelloGivesEachClientANameOfItsOwn) {
    const auto first = bus_client();
    const auto second = bus_client();
    EXPECT_EQ(first->unique_name(), ":1.1");
    EXPECT_EQ(second->unique_name(), ":1.2");
    EXPECT_EQ(refused(*first, "Hello"), "org.freedesktop.DBus.Error.Failed");
}

TEST_F(BusDriverTest, TheNameIsAnnounced) {
    test::PlainClient client(loop_, address());
    client.call("/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello");
    ASSERT_TRUE(run_until([&] { return !client.signals().empty(); }));
    const auto& signal = client.signals().front();
    EXPECT_EQ(signal.member(), "NameAcquired");
    EXPECT_EQ(signal.sender(), "org.freedesktop.DBus");
    EXPECT_EQ(signal.destination(), ":1.1");
    EXPECT_EQ(read_body(signal.get()).value(), json(R"([":1.1"])"));
    EXPECT_EQ(client.replies().size(), 1U) << "the reply comes before";
}

TEST_F(BusDriverTest, KnowsItsNamesAndTheirOwners) {
    const auto client = bus_client();
    EXPECT_EQ(asked(*client, "ListNames"),
              json(R"([["org.freedesktop.DBus", ":1.0", ":1.1", "tr.org.pardus.comar"]])"));
    EXPECT_EQ(asked(*client, "GetNameOwner", "s", {"tr.org.pardus.comar"}), json(R"([":1.0"])"));
    EXPECT_EQ(asked(*client, "GetNameOwner", "s", {":1.1"}), json(R"([":1.1"])"));
    EXPECT_EQ(asked(*client, "GetNameOwner", "s", {"org.freedesktop.DBus"}),
              json(R"(["org.freedesktop.DBus"])"));
    EXPECT_EQ(refused(*client, "GetNameOwner", "s", {"org.example"}),
              "org.freedesktop.DBus.Error.NameHasNoOwner");
    EXPECT_EQ(asked(*client, "NameHasOwner", "s", {"tr.org.pardus.comar"}), json("[true]"));
    EXPECT_EQ(asked(*client, "NameHasOwner", "s", {"org.example"}), json("[false]"));
    EXPECT_EQ(asked(*client, "ListQueuedOwners", "s", {"tr.org.pardus.comar"}),
              json(R"([[":1.0"]])"));
    EXPECT_EQ(asked(*client, "StartServiceByName", "su", {"tr.org.pardus.comar", 0}), json("[2]"));
    EXPECT_EQ(refused(*client, "StartServiceByName", "su", {"org.example", 0}),
              "org.freedesktop.DBus.Error.ServiceUnknown");
}

TEST_F(BusDriverTest, GivesNoNames) {
    const auto client = bus_client();
    EXPECT_EQ(refused(*client, "RequestName", "su", {"tr.org.pardus.comar", 0}),
              "org.freedesktop.DBus.Error.AccessDenied");
    EXPECT_EQ(refused(*client, "ReleaseName", "s", {"tr.org.pardus.comar"}),
              "org.freedesktop.DBus.Error.AccessDenied");
    Result<> outcome;
    const auto slot =
        client->request_name("org.example", [&](Result<> told) { outcome = std::move(told); });
    ASSERT_TRUE(slot);
    EXPECT_TRUE(run_until([&] { return !outcome; }));
    EXPECT_EQ(outcome.error().kind, ErrorKind::denied);
}

TEST_F(BusDriverTest, TellsWhoIsWho) {
    const auto client = bus_client();
    const auto uid = static_cast<std::uint32_t>(::getuid());
    const auto pid = static_cast<std::uint32_t>(::getpid());
    for (const char* name : {"tr.org.pardus.comar", ":1.1"}) {
        EXPECT_EQ(asked(*client, "GetConnectionUnixUser", "s", {name}), Json::array({uid}));
        EXPECT_EQ(asked(*client, "GetConnectionUnixProcessID", "s", {name}), Json::array({pid}));
    }
    const auto reply = call_driver(*client, "GetConnectionCredentials", "s", {":1.1"});
    EXPECT_EQ(reply.signature(), "a{sv}");
    EXPECT_EQ(read_body(reply.get()).value(),
              json((R"([{"dict": [["UnixUserID", )" + std::to_string(uid) + R"(], ["ProcessID", )" +
                    std::to_string(pid) + "]]}]")
                       .c_str()));
    EXPECT_EQ(refused(*client, "GetConnectionUnixUser", "s", {":1.99"}),
              "org.freedesktop.DBus.Error.NameHasNoOwner");
    EXPECT_EQ(refused(*client, "GetConnectionCredentials", "s", {""}),
              "org.freedesktop.DBus.Error.NameHasNoOwner");
    EXPECT_EQ(asked(*client, "GetId").at(0).get<std::string>().size(), 32U);
}

TEST_F(BusDriverTest, RefusesWhatItDoesNotKnow) {
    const auto client = bus_client();
    EXPECT_EQ(refused(*client, "BecomeMonitor", "asu", {Json::array(), 0}),
              "org.freedesktop.DBus.Error.UnknownMethod");
    EXPECT_EQ(refused(*client, "GetNameOwner"), "org.freedesktop.DBus.Error.InvalidArgs");
    EXPECT_EQ(refused(*client, "GetNameOwner", "i", {1}), "org.freedesktop.DBus.Error.InvalidArgs");
    EXPECT_EQ(
        call(*client, "org.freedesktop.DBus", "/", "org.freedesktop.DBus.Introspectable", "Hello")
            .error()
            .name,
        "org.freedesktop.DBus.Error.UnknownMethod");
}

TEST_F(BusDriverTest, CallsToOtherNamesDoNotReachComard) {
    bool reached = false;
    handler_ = [&](Connection&, Message&) {
        reached = true;
        return false;
    };
    const auto client = bus_client();
    const auto reply = call(*client, "org.freedesktop.PolicyKit1", "/", "a.b", "c");
    EXPECT_EQ(reply.error().name, "org.freedesktop.DBus.Error.ServiceUnknown");
    EXPECT_FALSE(reached);
    for (const char* name : {"tr.org.pardus.comar", ":1.0"}) {
        reached = false;
        call(*client, name, "/", "a.b", "c");
        EXPECT_TRUE(reached) << name;
    }
}

TEST_F(BusDriverTest, DescribesItself) {
    const auto client = bus_client();
    const auto reply = call(*client, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                            "org.freedesktop.DBus.Introspectable", "Introspect");
    const auto xml = read_body(reply.get()).value().at(0).get<std::string>();
    EXPECT_NE(xml.find("<method name=\"GetNameOwner\">\n   <arg type=\"s\" direction=\"in\"/>"),
              std::string::npos)
        << xml;
    EXPECT_NE(xml.find("NameOwnerChanged"), std::string::npos);
    const auto all =
        call(*client, "org.freedesktop.DBus", "/org/freedesktop/DBus",
             "org.freedesktop.DBus.Properties", "GetAll", "s", {"org.freedesktop.DBus"});
    EXPECT_EQ(read_body(all.get()).value(), json(R"([{"dict": []}])"));
}

TEST_F(BusDriverTest, RulesAreCountedAndBounded) {
    const auto client = bus_client();
    EXPECT_EQ(refused(*client, "RemoveMatch", "s", {"type='signal'"}),
              "org.freedesktop.DBus.Error.MatchRuleNotFound");
    asked(*client, "AddMatch", "s", {"type='signal'"});
    asked(*client, "RemoveMatch", "s", {"type='signal'"});
    EXPECT_EQ(refused(*client, "RemoveMatch", "s", {"type='signal'"}),
              "org.freedesktop.DBus.Error.MatchRuleNotFound");
    EXPECT_EQ(refused(*client, "AddMatch", "s", {std::string(2000, 'x')}),
              "org.freedesktop.DBus.Error.LimitsExceeded");
    for (int count = 0; count < 512; ++count)
        asked(*client, "AddMatch", "s", {"path='/" + std::to_string(count) + "'"});
    EXPECT_EQ(refused(*client, "AddMatch", "s", {"path='/x'"}),
              "org.freedesktop.DBus.Error.LimitsExceeded");
}

}  // namespace
}  // namespace comar::bus
