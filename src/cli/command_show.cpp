// SPDX-License-Identifier: MIT
// comar show NAME: every setting of a service, with its value and where that comes from.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/member.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/terminal.h"

namespace comar::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Setting {
    std::string key;
    std::string value;  ///< JSON
    std::string origin;
};

std::vector<Setting> read_settings(sd_bus_message* message) {
    std::vector<Setting> settings;
    if (sd_bus_message_enter_container(message, 'a', "(sss)") < 0) return settings;
    const char* key = nullptr;
    const char* value = nullptr;
    const char* origin = nullptr;
    while (sd_bus_message_read(message, "(sss)", &key, &value, &origin) > 0)
        settings.push_back({key, value, origin});
    return settings;
}

/// As it is written in a settings file: "tcp:localhost:80", "function:is_up".
std::string probe_text(const Json& probe) {
    const std::string kind = probe.value("kind", "");
    if (kind == "tcp") {
        return fmt::format("tcp:{}:{}", probe.value("host", ""), probe.value("port", 0));
    }
    if (kind == "fd") return fmt::format("fd:{}", probe.value("fd", 0));
    if (kind == "unix") return "unix:" + probe.value("path", "");
    if (kind == "http") return probe.value("url", "");
    if (kind == "function") return "function:" + probe.value("name", "");
    return kind == "command" ? probe.value("command", "") : kind;
}

/// With probes as text.
Json readable(const Json& value) {
    if (!value.is_object()) return value;
    if (value.contains("kind")) return probe_text(value);
    Json all = Json::object();
    for (const auto& [key, part] : value.items()) all[key] = readable(part);
    return all;
}

/// Text without its quotes; what is not set is nothing. A umask is octal, as people write it.
std::string plain(const Setting& setting) {
    const Json json = readable(Json::parse(setting.value, nullptr, false));
    if (json.is_null()) return setting.key == "restart_limit" ? "for ever" : "";
    if (setting.key == "umask" && json.is_number_unsigned())
        return fmt::format("0o{:03o}", json.get<unsigned>());
    return json.is_string() ? json.get<std::string>() : json.dump();
}

void print_table(Output& output, const std::vector<Setting>& settings) {
    std::vector<std::vector<Cell>> rows;
    for (const Setting& setting : settings) {
        const bool is_default = setting.origin == "default";
        rows.push_back({{setting.key},
                        {plain(setting), is_default ? Color::dim : Color::none},
                        {setting.origin, is_default ? Color::dim : Color::none}});
    }
    output.print(render_table({{"SETTING"}, {"VALUE"}, {"FROM"}}, rows, style_of_stdout()));
}

void print_document(Output& output, const std::vector<Setting>& settings) {
    Json document = Json::object();
    for (const Setting& setting : settings) {
        document[setting.key] = {{"value", Json::parse(setting.value, nullptr, false)},
                                 {"from", setting.origin}};
    }
    print_json(output, document, JsonLayout::indented);
}

}  // namespace

ExitCode run_show(const Invocation& invocation, Output& output) {
    const std::string& service = invocation.operands[0];
    auto session = open_session(invocation, Texts::none);
    if (!session) return ExitCode::failed;
    const Reply reply = session->bus.call(
        session->bus.method(manager_member("Show"), "s", bus_safe_name(service).c_str()),
        Patience::reading);
    if (!reply) {
        report_service_failure(*session, "show the settings of", service, reply.error());
        return exit_code_of(reply.error());
    }
    const auto settings = read_settings(reply->get());
    if (invocation.json)
        print_document(output, settings);
    else
        print_table(output, settings);
    return ExitCode::ok;
}

}  // namespace comar::cli
