// SPDX-License-Identifier: MIT
#include "cli/service_status.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "cli/member.h"
#include "core/name.h"

namespace comar::cli {
namespace {

int read_text(sd_bus_message* message, std::string& value) {
    const char* text = nullptr;
    const int r = sd_bus_message_read(message, "s", &text);
    if (r > 0) value = text;
    return r;
}

template <auto Field>
int read_text_field(sd_bus_message* message, ServiceStatus& status) {
    return read_text(message, status.*Field);
}

template <auto Field, char Type>
int read_number_field(sd_bus_message* message, ServiceStatus& status) {
    return sd_bus_message_read_basic(message, Type, &(status.*Field));
}

template <auto Field>
int read_time_field(sd_bus_message* message, ServiceStatus& status) {
    std::uint64_t microseconds = 0;
    const int r = sd_bus_message_read_basic(message, 't', &microseconds);
    status.*Field = std::chrono::microseconds(static_cast<std::int64_t>(microseconds));
    return r;
}

template <auto Field>
int read_flag_field(sd_bus_message* message, ServiceStatus& status) {
    int flag = 0;
    const int r = sd_bus_message_read_basic(message, 'b', &flag);
    if (r > 0) status.*Field = flag != 0;
    return r;
}

template <auto Field>
int read_names_field(sd_bus_message* message, ServiceStatus& status) {
    int r = sd_bus_message_enter_container(message, 'a', "s");
    const char* name = nullptr;
    while (r > 0 && (r = sd_bus_message_read(message, "s", &name)) > 0)
        (status.*Field).emplace_back(name);
    return r < 0 ? r : sd_bus_message_exit_container(message);
}

int read_pids(sd_bus_message* message, ServiceStatus& status) {
    const void* data = nullptr;
    std::size_t bytes = 0;
    const int r = sd_bus_message_read_array(message, 'u', &data, &bytes);
    if (r <= 0 || bytes == 0) return r;
    const auto* first = static_cast<const std::uint32_t*>(data);
    status.pids.assign(first, first + bytes / sizeof(std::uint32_t));
    return r;
}

int read_descriptions(sd_bus_message* message, ServiceStatus& status) {
    int r = sd_bus_message_enter_container(message, 'a', "{ss}");
    const char* language = nullptr;
    const char* text = nullptr;
    while (r > 0 && (r = sd_bus_message_read(message, "{ss}", &language, &text)) > 0)
        status.descriptions[language] = text;
    return r < 0 ? r : sd_bus_message_exit_container(message);
}

struct Property {
    std::string_view name;
    const char* type;
    int (*read)(sd_bus_message* message, ServiceStatus& status);
};

constexpr Property properties[] = {
    {"State", "s", read_text_field<&ServiceStatus::state>},
    {"StartUp", "s", read_text_field<&ServiceStatus::start_up>},
    {"Type", "s", read_text_field<&ServiceStatus::type>},
    {"Description", "a{ss}", read_descriptions},
    {"MainPID", "u", read_number_field<&ServiceStatus::main_pid, 'u'>},
    {"PIDs", "au", read_pids},
    {"Since", "t", read_time_field<&ServiceStatus::since>},
    {"ExitCode", "i", read_number_field<&ServiceStatus::exit_code, 'i'>},
    {"ExitSignal", "i", read_number_field<&ServiceStatus::exit_signal, 'i'>},
    {"Restarts", "u", read_number_field<&ServiceStatus::restarts, 'u'>},
    {"ControlGroup", "s", read_text_field<&ServiceStatus::control_group>},
    {"MemoryBytes", "t", read_number_field<&ServiceStatus::memory_bytes, 't'>},
    {"CPUUsec", "t", read_time_field<&ServiceStatus::cpu_time>},
    {"Script", "s", read_text_field<&ServiceStatus::script>},
    {"LastError", "s", read_text_field<&ServiceStatus::last_error>},
    {"Cause", "s", read_text_field<&ServiceStatus::cause>},
    {"Health", "s", read_text_field<&ServiceStatus::health>},
    {"StatusText", "s", read_text_field<&ServiceStatus::status_text>},
    {"Wanted", "b", read_flag_field<&ServiceStatus::wanted>},
    {"Edited", "b", read_flag_field<&ServiceStatus::edited>},
    {"LostLines", "t", read_number_field<&ServiceStatus::lost_lines, 't'>},
    {"RetryUsec", "t", read_time_field<&ServiceStatus::retry>},
    {"Requires", "as", read_names_field<&ServiceStatus::requires_services>},
    {"Lacks", "as", read_names_field<&ServiceStatus::lacks>},
    {"RequiredBy", "as", read_names_field<&ServiceStatus::required_by>},
};

const Property* find_property(std::string_view name, std::string_view type) {
    const auto found = std::ranges::find(properties, name, &Property::name);
    return found != std::end(properties) && found->type == type ? found : nullptr;
}

/// One entry of a{sv}, from inside it.
int read_property(sd_bus_message* message, ServiceStatus& status) {
    std::string name;
    const char* type = nullptr;
    int r = read_text(message, name);
    if (r > 0) r = sd_bus_message_peek_type(message, nullptr, &type);
    if (r <= 0) return r < 0 ? r : -EBADMSG;
    const Property* property = find_property(name, type);
    if (property == nullptr) return sd_bus_message_skip(message, "v");
    r = sd_bus_message_enter_container(message, 'v', property->type);
    if (r > 0) r = property->read(message, status);
    return r < 0 ? r : sd_bus_message_exit_container(message);
}

int read_properties(sd_bus_message* message, ServiceStatus& status) {
    int r = sd_bus_message_enter_container(message, 'a', "{sv}");
    while (r > 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        r = read_property(message, status);
        if (r >= 0) r = sd_bus_message_exit_container(message);
    }
    return r;
}

}  // namespace

Message status_call(Bus& bus, const std::string& service) {
    return bus.method(service_properties(service, "GetAll"), "s", supervision_interface);
}

Result<ServiceStatus> read_status(sd_bus_message* reply, const std::string& service) {
    ServiceStatus status;
    status.name = bus_safe_name(service);
    const int r = read_properties(reply, status);
    if (r >= 0) return status;
    return failure(ErrorKind::internal,
                   "cannot understand what comard says about " + service + ": " + strerror(-r), -r);
}

ExitCode exit_code_of(const ServiceStatus& status) {
    if (status.state == "running") return ExitCode::ok;
    return status.state == "unknown" ? ExitCode::status_unknown : ExitCode::status_not_running;
}

Color color_of_state(const std::string& state) {
    if (state == "running") return Color::green;
    if (state == "failed" || state == "unknown") return Color::red;
    if (state == "starting" || state == "stopping") return Color::yellow;
    return Color::dim;
}

}  // namespace comar::cli
