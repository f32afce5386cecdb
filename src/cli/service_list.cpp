// SPDX-License-Identifier: MIT
#include "cli/service_list.h"

#include <cstring>

#include "cli/member.h"

namespace comar::cli {
namespace {

using Services = std::vector<ListedService>;

int read_services(sd_bus_message* reply, Services& services) {
    int r = sd_bus_message_enter_container(reply, 'a', "(sssssu)");
    const char* name = nullptr;
    const char* type = nullptr;
    const char* state = nullptr;
    const char* start_up = nullptr;
    const char* description = nullptr;
    std::uint32_t main_pid = 0;
    while (r > 0 && (r = sd_bus_message_read(reply, "(sssssu)", &name, &type, &state, &start_up,
                                             &description, &main_pid)) > 0)
        services.push_back({name, type, state, start_up, description, main_pid});
    return r;
}

Message list_call(Bus& bus, const std::string& type) {
    if (type.empty()) return bus.method(manager_member("ListServices"), "a{sv}", 0);
    return bus.method(manager_member("ListServices"), "a{sv}", 1, "type", "s", type.c_str());
}

}  // namespace

tl::expected<Services, CallFailure> list_services(Bus& bus, const std::string& type) {
    const Reply reply = bus.call(list_call(bus, type), Patience::reading);
    if (!reply) return tl::unexpected<CallFailure>(reply.error());
    Services services;
    const int r = read_services(reply->get(), services);
    if (r >= 0) return services;
    return tl::unexpected<CallFailure>(
        {SD_BUS_ERROR_INCONSISTENT_MESSAGE,
         std::string("comard's answer cannot be understood: ") + strerror(-r)});
}

Color color_of_reported_state(const std::string& state) {
    if (state == "on" || state == "started" || state == "conditional_started") return Color::green;
    if (state == "unknown") return Color::red;
    if (state == "stopped") return Color::yellow;  // it should run, and does not
    return Color::dim;
}

}  // namespace comar::cli
