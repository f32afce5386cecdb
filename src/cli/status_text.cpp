// SPDX-License-Identifier: MIT
#include "cli/status_text.h"

#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "cli/language.h"
#include "cli/text.h"

namespace comar::cli {
namespace {

using Json = nlohmann::ordered_json;

/// A line of the block; nothing where the value is empty.
std::string line(std::string_view label, std::string_view value) {
    return value.empty() ? "" : fmt::format("{:>12}: {}\n", label, value);
}

std::string title(const ServiceStatus& status, std::string_view language,
                  const OutputStyle& style) {
    const std::string name = escape_line(status.name);
    const std::string description = escape_line(in_language(status.descriptions, language));
    std::string text = colored(name, style.colored ? Color::bold : Color::none);
    if (!description.empty()) text += " - " + description;
    return text + "\n";
}

std::string state_value(const ServiceStatus& status, Moment now, const OutputStyle& style) {
    const auto color = style.colored ? color_of_state(status.state) : Color::none;
    std::string text = colored(escape_line(status.state), color);
    if (status.since == Moment(0)) return text;
    text += " since " + local_time(status.since);
    const std::string ago = time_ago(status.since, now);
    return ago.empty() ? text : text + " (" + ago + ")";
}

/// Lines after the first are indented as far as the first.
std::string message_value(std::string_view message) {
    std::string text;
    for (const char letter : escape_message(message)) {
        text += letter;
        if (letter == '\n') text.append(14, ' ');
    }
    return text;
}

std::string number(std::uint64_t value) { return value == 0 ? "" : std::to_string(value); }

Json null_or(bool known, Json value) { return known ? std::move(value) : Json(nullptr); }

Json text_or_null(const std::string& text) { return null_or(!text.empty(), text); }

}  // namespace

std::string size_text(std::uint64_t bytes) {
    constexpr std::string_view units[] = {"KiB", "MiB", "GiB", "TiB"};
    if (bytes < 1024) return fmt::format("{} B", bytes);
    double size = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    for (; size >= 1023.95 && unit + 1 < std::size(units); ++unit) size /= 1024;
    return fmt::format("{:.1f} {}", size, units[unit]);
}

std::string ending_text(int exit_code, int exit_signal) {
    if (exit_signal != 0)
        return fmt::format("signal {} ({})", exit_signal, ::strsignal(exit_signal));
    return exit_code < 0 ? "" : fmt::format("exit code {}", exit_code);
}

std::string status_text(const ServiceStatus& status, std::string_view language, Moment now,
                        const OutputStyle& style) {
    const bool has_used_cpu = status.cpu_time.count() > 0;
    return title(status, language, style) + line("State", state_value(status, now, style)) +
           line("Start-up", escape_line(status.start_up)) + line("Type", escape_line(status.type)) +
           line("Main PID", number(status.main_pid)) +
           line("PIDs", fmt::format("{}", fmt::join(status.pids, " "))) +
           line("Memory", status.memory_bytes == 0 ? "" : size_text(status.memory_bytes)) +
           line("CPU time", has_used_cpu ? span_text(status.cpu_time) : "") +
           line("Because", escape_line(status.cause)) +
           line("Says", escape_line(status.status_text)) +
           line("Health", escape_line(status.health)) +
           line("Lacks", status.lacks.empty()
                             ? ""
                             : escape_line(fmt::format("{}", fmt::join(status.lacks, ", "))) +
                                   ", which it requires") +
           line("Changed",
                status.edited ? "script or settings were edited; a restart uses them" : "") +
           line("Next start", status.retry.count() > 0 ? "in " + span_text(status.retry) : "") +
           line("Last ended", ending_text(status.exit_code, status.exit_signal)) +
           line("Restarts", number(status.restarts)) +
           line("Lost", status.lost_lines == 0
                            ? ""
                            : fmt::format("{} lines of its output, which its log did not take",
                                          status.lost_lines)) +
           line("Last error", message_value(status.last_error)) +
           line("Script", escape_line(status.script)) +
           line("Cgroup", escape_line(status.control_group));
}

Json status_json(const ServiceStatus& status, std::string_view language) {
    return {
        {"name", status.name},
        {"description", text_or_null(in_language(status.descriptions, language))},
        {"state", status.state},
        {"since", null_or(status.since != Moment(0), iso_time(status.since))},
        {"start_up", status.start_up},
        {"type", status.type},
        {"main_pid", null_or(status.main_pid != 0, status.main_pid)},
        {"pids", status.pids},
        {"memory_bytes", null_or(status.memory_bytes != 0, status.memory_bytes)},
        {"cpu_microseconds", null_or(status.cpu_time.count() != 0, status.cpu_time.count())},
        {"exit_code", null_or(status.exit_code >= 0, status.exit_code)},
        {"exit_signal", null_or(status.exit_signal != 0, status.exit_signal)},
        {"restarts", status.restarts},
        {"last_error", text_or_null(status.last_error)},
        {"cause", text_or_null(status.cause)},
        {"health", text_or_null(status.health)},
        {"status_text", text_or_null(status.status_text)},
        {"wanted", status.wanted},
        {"edited", status.edited},
        {"lacks", status.lacks},
        {"lost_lines", status.lost_lines},
        {"retry_microseconds", null_or(status.retry.count() != 0, status.retry.count())},
        {"script", text_or_null(status.script)},
        {"control_group", text_or_null(status.control_group)},
    };
}

}  // namespace comar::cli
