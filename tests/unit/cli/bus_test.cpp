// SPDX-License-Identifier: MIT
#include "cli/bus.h"

#include <gtest/gtest.h>

#include "cli/member.h"
#include "unit/cli/peer.h"

namespace comar::cli {
namespace {

Bus connect_to(const Peer& peer) {
    auto bus = Bus::connect(peer.address());
    EXPECT_TRUE(bus) << bus.error().message;
    return std::move(*bus);
}

std::string text_in(const Reply& reply) {
    const char* text = "";
    if (!reply || sd_bus_message_read(reply->get(), "s", &text) <= 0) return "no text";
    return text;
}

TEST(BusTest, ACallReachesTheMemberAndBringsTheAnswer) {
    const Peer peer([](sd_bus_message* call) {
        const char* argument = "";
        sd_bus_message_read(call, "s", &argument);
        const std::string answer = std::string(sd_bus_message_get_path(call)) + " " +
                                   sd_bus_message_get_interface(call) + " " +
                                   sd_bus_message_get_member(call) + " " + argument;
        return sd_bus_reply_method_return(call, "s", answer.c_str()) >= 0;
    });
    Bus bus = connect_to(peer);
    const Reply reply =
        bus.call(bus.method(service_member("my-app", "setState"), "s", "on"), Patience::reading);
    EXPECT_EQ(text_in(reply), "/package/my_app tr.org.pardus.comar.System.Service setState on");
}

TEST(BusTest, AnErrorKeepsItsNameAndMessage) {
    const Peer peer([](sd_bus_message* call) {
        return sd_bus_reply_method_errorf(call, "tr.org.pardus.comar.Exception", "no %s", "luck") >=
               0;
    });
    Bus bus = connect_to(peer);
    const Reply reply = bus.call(bus.method(service_member("a", "start")), Patience::job);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().name, "tr.org.pardus.comar.Exception");
    EXPECT_EQ(reply.error().message, "no luck");
}

TEST(BusTest, TheLanguageIsToldBeforeTheCallAndNotWaitedFor) {
    std::string language;
    const Peer peer([&](sd_bus_message* call) {
        if (sd_bus_message_get_expect_reply(call) > 0)
            return sd_bus_reply_method_return(call, "s", language.c_str()) >= 0;
        const char* told = "";
        sd_bus_message_read(call, "s", &told);
        language = std::string(sd_bus_message_get_member(call)) + " " + told;
        return true;
    });
    Bus bus = connect_to(peer);
    bus.speak("tr");
    EXPECT_EQ(text_in(bus.call(bus.method(manager_member("ListServices")), Patience::reading)),
              "setLocale tr");
}

TEST(BusTest, AllCallsAreSentBeforeTheFirstIsAnsweredAndAnswersComeInAnyOrder) {
    std::vector<Message> waiting;
    const Peer peer([&](sd_bus_message* call) {
        waiting.emplace_back(sd_bus_message_ref(call));
        if (waiting.size() < 3) return true;
        for (; !waiting.empty(); waiting.pop_back()) {
            const char* path = sd_bus_message_get_path(waiting.back().get());
            sd_bus_reply_method_return(waiting.back().get(), "s", path);
        }
        return true;
    });
    Bus bus = connect_to(peer);
    std::vector<Message> calls;
    for (const char* name : {"a", "b", "c"})
        calls.push_back(bus.method(service_member(name, "start")));
    std::vector<std::string> answers;
    bus.call_all(std::move(calls), Patience::job, [&](std::size_t index, const Reply& reply) {
        answers.push_back(std::to_string(index) + text_in(reply));
    });
    EXPECT_EQ(answers, (std::vector<std::string>{"2/package/c", "1/package/b", "0/package/a"}));
}

TEST(BusTest, TheBusMayBeUsedWhileAnswersAreTaken) {
    const Peer peer([](sd_bus_message* call) {
        return sd_bus_reply_method_return(call, "s", sd_bus_message_get_member(call)) >= 0;
    });
    Bus bus = connect_to(peer);
    std::vector<Message> calls;
    calls.push_back(bus.method(service_member("a", "start")));
    calls.push_back(bus.method(service_member("b", "stop")));
    std::vector<std::string> answers;
    bus.call_all(std::move(calls), Patience::job, [&](std::size_t, const Reply& reply) {
        answers.push_back(text_in(reply) +
                          text_in(bus.call(bus.method(manager_member("Restart")), Patience::job)));
    });
    EXPECT_EQ(answers, (std::vector<std::string>{"startRestart", "stopRestart"}));
}

TEST(BusTest, AComardThatGoesAwayIsUnreachableForAllWhoWait) {
    const Peer peer([](sd_bus_message*) { return false; });
    Bus bus = connect_to(peer);
    std::vector<Message> calls;
    calls.push_back(bus.method(service_member("a", "start")));
    calls.push_back(bus.method(service_member("b", "start")));
    std::size_t answers = 0;
    bus.call_all(std::move(calls), Patience::job, [&](std::size_t, const Reply& reply) {
        ++answers;
        ASSERT_FALSE(reply);
        EXPECT_TRUE(is_unreachable(reply.error())) << reply.error().name;
    });
    EXPECT_EQ(answers, 2U);
    const Reply later = bus.call(bus.method(service_member("a", "start")), Patience::job);
    ASSERT_FALSE(later);
    EXPECT_TRUE(is_unreachable(later.error())) << later.error().name;
}

TEST(BusTest, AnArgumentThatDBusCannotCarryIsAFailureAndNotSent) {
    const Peer peer(
        [](sd_bus_message* call) { return sd_bus_reply_method_return(call, "s", "") >= 0; });
    Bus bus = connect_to(peer);
    const Reply reply = bus.call(bus.method(manager_member("Restart"), "s", "\xff"), Patience::job);
    ASSERT_FALSE(reply);
    EXPECT_FALSE(is_unreachable(reply.error()));
}

TEST(BusTest, NobodyOnTheSocketIsUnavailable) {
    Address address;
    address.socket = "/nonexistent/comar/bus";
    const auto bus = Bus::connect(address);
    ASSERT_FALSE(bus);
    EXPECT_EQ(bus.error().kind, ErrorKind::unavailable);
}

bool send_changed(sd_bus_message* call, const char* service, const char* state) {
    sd_bus* bus = sd_bus_message_get_bus(call);
    return sd_bus_emit_signal(bus, "/package/a", "tr.org.pardus.comar.System.Service", "Changed",
                              "ss", service, state) >= 0;
}

TEST(BusTest, ChangesArriveInOrderUntilItWasEnough) {
    const Peer peer([](sd_bus_message* call) {
        return send_changed(call, "a", "started") && send_changed(call, "b", "stopped") &&
               send_changed(call, "a", "stopped");
    });
    Bus bus = connect_to(peer);
    std::vector<std::string> seen;
    const auto watching = bus.watch_changes([&](std::string_view service, std::string_view state) {
        seen.push_back(std::string(service) + " " + std::string(state));
        return seen.size() < 2;
    });
    ASSERT_TRUE(watching) << watching.error().message;
    bus.speak("en");  // what the peer takes for its cue
    EXPECT_TRUE(bus.follow_changes());
    EXPECT_EQ(seen, (std::vector<std::string>{"a started", "b stopped"}));
}

TEST(BusTest, FollowingEndsWithComard) {
    const Peer peer([](sd_bus_message* call) {
        send_changed(call, "a", "started");
        return false;
    });
    Bus bus = connect_to(peer);
    std::size_t seen = 0;
    const auto watching = bus.watch_changes([&](std::string_view, std::string_view) {
        ++seen;
        return true;
    });
    ASSERT_TRUE(watching) << watching.error().message;
    bus.speak("en");
    const auto followed = bus.follow_changes();
    ASSERT_FALSE(followed);
    EXPECT_EQ(followed.error().kind, ErrorKind::unavailable);
    EXPECT_EQ(seen, 1U);
}

}  // namespace
}  // namespace comar::cli
