// SPDX-License-Identifier: MIT
// comar show NAME: every setting of a service, with its value and where that comes from.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/shown_settings.h"
#include "cli/table.h"
#include "cli/terminal.h"

namespace comar::cli {
namespace {

using Json = nlohmann::ordered_json;

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

/// comard gives us the name of a variable, and null in place of what it says.
bool is_withheld(const std::string& key, const Json& value) {
    if (key != "environment" || !value.is_object()) return false;
    return std::ranges::any_of(value, [](const Json& text) { return text.is_null(); });
}

std::string names_of(const Json& variables) {
    std::vector<std::string> names;
    for (const auto& [name, value] : variables.items()) names.push_back(name);
    return fmt::format("{} (withheld)", fmt::join(names, ", "));
}

/// As people write it.
Json readable(const std::string& key, Json value) {
    if (is_withheld(key, value)) return names_of(value);
    if (key == "readiness" && value.is_object()) return probe_text(value);
    if (key == "health" && value.is_object() && value.contains("check"))
        value["check"] = probe_text(value["check"]);
    return value;
}

/// Text without its quotes; what is not set is nothing. A umask is octal, as people write it.
std::string plain(const ShownSetting& setting) {
    const Json json = readable(setting.key, Json::parse(setting.value, nullptr, false));
    if (json.is_null()) return setting.key == "restart_limit" ? "for ever" : "";
    if (setting.key == "umask" && json.is_number_unsigned())
        return fmt::format("0o{:03o}", json.get<unsigned>());
    return json.is_string() ? json.get<std::string>() : json.dump();
}

void print_table(Output& output, const std::vector<ShownSetting>& settings) {
    std::vector<std::vector<Cell>> rows;
    for (const ShownSetting& setting : settings) {
        const bool is_default = setting.origin == "default";
        rows.push_back({{setting.key},
                        {plain(setting), is_default ? Color::dim : Color::none},
                        {setting.origin, is_default ? Color::dim : Color::none}});
    }
    output.print(render_table({{"SETTING"}, {"VALUE"}, {"FROM"}}, rows, style_of_stdout()));
}

void print_document(Output& output, const std::vector<ShownSetting>& settings) {
    Json document = Json::object();
    for (const ShownSetting& setting : settings) {
        Json value = Json::parse(setting.value, nullptr, false);
        const bool withheld = is_withheld(setting.key, value);
        document[setting.key] = {{"value", std::move(value)}, {"from", setting.origin}};
        if (withheld) document[setting.key]["withheld"] = true;
    }
    print_json(output, document, JsonLayout::indented);
}

void tell_what_is_withheld(const Invocation& invocation,
                           const std::vector<ShownSetting>& settings) {
    const bool withheld = std::ranges::any_of(settings, [](const ShownSetting& setting) {
        return is_withheld(setting.key, Json::parse(setting.value, nullptr, false));
    });
    if (!withheld) return;
    note(
        "what environment variables say is withheld, as it may be secret: only root and the user "
        "that comard runs as are told");
    advise("as root: sudo comar show " + invocation.operands[0]);
}

}  // namespace

ExitCode run_show(const Invocation& invocation, Output& output) {
    const std::string& service = invocation.operands[0];
    auto session = open_session(invocation, Texts::none);
    if (!session) return ExitCode::failed;
    const auto settings = ask_settings(session->bus, service);
    if (!settings) {
        report_service_failure(*session, "show the settings of", service, settings.error());
        return exit_code_of(settings.error());
    }
    if (invocation.json)
        print_document(output, *settings);
    else
        print_table(output, *settings);
    tell_what_is_withheld(invocation, *settings);
    return ExitCode::ok;
}

}  // namespace comar::cli
