// SPDX-License-Identifier: MIT
#include "cli/service_status.h"

#include <gtest/gtest.h>

#include "cli/service_list.h"
#include "unit/cli/peer.h"

namespace comar::cli {
namespace {

using namespace std::chrono_literals;

/// What is read from a reply that `fill` has written the body of.
template <class Fill>
Result<ServiceStatus> status_from(Fill fill) {
    const Peer peer([&](sd_bus_message* call) {
        sd_bus_message* reply = nullptr;
        sd_bus_message_new_method_return(call, &reply);
        fill(reply);
        sd_bus_send(sd_bus_message_get_bus(call), reply, nullptr);
        sd_bus_message_unref(reply);
        return true;
    });
    auto bus = Bus::connect(peer.address());
    const Reply reply = bus->call(status_call(*bus, "my-app"), Patience::reading);
    EXPECT_TRUE(reply) << reply.error().message;
    return read_status(reply->get(), "my-app");
}

TEST(ReadStatusTest, EveryPropertyFindsItsPlace) {
    const auto status = status_from([](sd_bus_message* reply) {
        sd_bus_message_append(
            reply, "a{sv}", 15, "State", "s", "running", "StartUp", "s", "on", "Type", "s",
            "server", "Description", "a{ss}", 2, "en", "Server", "tr", "Sunucu", "MainPID", "u",
            std::uint32_t{7}, "PIDs", "au", 2, std::uint32_t{7}, std::uint32_t{8}, "Since", "t",
            std::uint64_t{1'000'002}, "ExitCode", "i", 3, "ExitSignal", "i", 9, "Restarts", "u",
            std::uint32_t{4}, "ControlGroup", "s", "/cg", "MemoryBytes", "t",
            std::uint64_t{1} << 40U, "CPUUsec", "t", std::uint64_t{55}, "Script", "s", "/s.py",
            "LastError", "s", "no luck");
    });
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_EQ(status->name, "my_app");
    EXPECT_EQ(status->state, "running");
    EXPECT_EQ(status->start_up, "on");
    EXPECT_EQ(status->type, "server");
    EXPECT_EQ(status->descriptions,
              (std::map<std::string, std::string>{{"en", "Server"}, {"tr", "Sunucu"}}));
    EXPECT_EQ(status->main_pid, 7U);
    EXPECT_EQ(status->pids, (std::vector<std::uint32_t>{7, 8}));
    EXPECT_EQ(status->since, 1'000'002us);
    EXPECT_EQ(status->exit_code, 3);
    EXPECT_EQ(status->exit_signal, 9);
    EXPECT_EQ(status->restarts, 4U);
    EXPECT_EQ(status->control_group, "/cg");
    EXPECT_EQ(status->memory_bytes, std::uint64_t{1} << 40U);
    EXPECT_EQ(status->cpu_time, 55us);
    EXPECT_EQ(status->script, "/s.py");
    EXPECT_EQ(status->last_error, "no luck");
}

TEST(ReadStatusTest, PropertiesThatAreNewOrOfAnotherTypeArePassedOver) {
    const auto status = status_from([](sd_bus_message* reply) {
        sd_bus_message_append(reply, "a{sv}", 4, "Future", "(ia{sv})", 1, 1, "x", "s", "y",
                              "MainPID", "s", "many", "PIDs", "au", 0, "State", "s", "stopped");
    });
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_EQ(status->state, "stopped");
    EXPECT_EQ(status->main_pid, 0U);
    EXPECT_TRUE(status->pids.empty());
    EXPECT_EQ(status->exit_code, -1);
}

TEST(ReadStatusTest, AnAnswerOfAnotherShapeIsAnError) {
    const auto status =
        status_from([](sd_bus_message* reply) { sd_bus_message_append(reply, "s", "running"); });
    ASSERT_FALSE(status);
    EXPECT_TRUE(
        status.error().message.starts_with("cannot understand what comard says about my-app: "))
        << status.error().message;
}

TEST(ListServicesTest, TheTypeGoesOutAndTheRowsComeIn) {
    std::string asked;
    const Peer peer([&](sd_bus_message* call) {
        const char* key = "";
        const char* value = "";
        sd_bus_message_read(call, "a{sv}", 1, &key, "s", &value);
        asked = std::string(key) + "=" + value;
        return sd_bus_reply_method_return(call, "a(sssssu)", 2, "a", "local", "off", "off", "Tool",
                                          std::uint32_t{0}, "b", "server", "on", "on", "Server",
                                          std::uint32_t{9}) >= 0;
    });
    auto bus = Bus::connect(peer.address());
    const auto services = list_services(*bus, "server");
    ASSERT_TRUE(services) << services.error().message;
    EXPECT_EQ(asked, "type=server");
    ASSERT_EQ(services->size(), 2U);
    const ListedService& last = services->back();
    EXPECT_EQ(last.name, "b");
    EXPECT_EQ(last.type, "server");
    EXPECT_EQ(last.state, "on");
    EXPECT_EQ(last.start_up, "on");
    EXPECT_EQ(last.description, "Server");
    EXPECT_EQ(last.main_pid, 9U);
}

TEST(ListServicesTest, AllTypesAreAskedForWithoutAnOption) {
    std::string asked;
    const Peer peer([&](sd_bus_message* call) {
        asked = sd_bus_message_enter_container(call, 'a', "{sv}") > 0 &&
                        sd_bus_message_at_end(call, 0) > 0
                    ? "nothing"
                    : "something";
        return sd_bus_reply_method_return(call, "a(sssssu)", 0) >= 0;
    });
    auto bus = Bus::connect(peer.address());
    const auto services = list_services(*bus, "");
    ASSERT_TRUE(services) << services.error().message;
    EXPECT_TRUE(services->empty());
    EXPECT_EQ(asked, "nothing");
}

TEST(ListServicesTest, AnAnswerOfAnotherShapeIsAFailure) {
    const Peer peer(
        [&](sd_bus_message* call) { return sd_bus_reply_method_return(call, "as", 1, "a") >= 0; });
    auto bus = Bus::connect(peer.address());
    const auto services = list_services(*bus, "");
    ASSERT_FALSE(services);
    EXPECT_FALSE(is_unreachable(services.error()));
}

}  // namespace
}  // namespace comar::cli
