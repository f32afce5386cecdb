// SPDX-License-Identifier: MIT
// comar status [NAME...]: of each named service all that comard knows; without a name, a line for
// each that runs, is about to, or failed.
#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/language.h"
#include "cli/log_files.h"
#include "cli/log_printer.h"
#include "cli/log_tail.h"
#include "cli/output.h"
#include "cli/process_tree.h"
#include "cli/report.h"
#include "cli/service_list.h"
#include "cli/session.h"
#include "cli/status_text.h"
#include "cli/table.h"

namespace comar::cli {
namespace {

constexpr std::size_t shown_lines = 5;

/// What was found out about the services that were asked for, in their order.
struct Found {
    std::vector<std::optional<ServiceStatus>> statuses;
    ExitCode code = ExitCode::ok;

    [[nodiscard]] bool is_complete() const {
        return std::ranges::all_of(statuses, [](const auto& status) { return status.has_value(); });
    }
};

ExitCode fail(Session& session, const std::string& service, const CallFailure& failure) {
    report_failure(session, "tell the status of " + service, failure);
    return ExitCode::status_unknown;
}

Found find_statuses(Session& session, const std::vector<std::string>& services) {
    Found found;
    found.statuses.resize(services.size());
    std::vector<Message> calls;
    for (const auto& service : services) calls.push_back(status_call(session.bus, service));
    const auto take = [&](std::size_t index, const Reply& reply) {
        if (!reply) return fail(session, services[index], reply.error());
        auto status = read_status(reply->get(), services[index]);
        if (!status) {
            complain(status.error().message);
            return ExitCode::status_unknown;
        }
        found.statuses[index] = std::move(*status);
        return exit_code_of(*found.statuses[index]);
    };
    session.bus.call_all(std::move(calls), Patience::reading, [&](std::size_t index, Reply reply) {
        found.code = worse(found.code, take(index, reply));
    });
    return found;
}

/// One service is an object, several are an array.
void print_as_json(Output& output, const Found& found, const std::string& language, bool is_one) {
    auto document = nlohmann::ordered_json::array();
    for (const auto& status : found.statuses)
        if (status) document.push_back(status_json(*status, language));
    if (!is_one)
        print_json(output, document, JsonLayout::indented);
    else if (!document.empty())
        print_json(output, document.front(), JsonLayout::indented);
}

void print_processes(Output& output, const ServiceStatus& status) {
    std::string_view label = "Processes: ";
    for (const std::string& line : tree_lines(read_processes(status.pids))) {
        output.print(fmt::format("{:>14}{}\n", label, line));
        label = "";
    }
}

/// Nothing where the log is not for this user, or somewhere else.
void print_last_lines(Output& output, const ServiceStatus& status, const std::string& folder,
                      const OutputStyle& style) {
    UnreadLogs unread;
    const auto files = open_logs(folder, status.name, unread);
    if (!files || files->empty()) return;
    const auto entries = last_entries(*files, status.name, shown_lines, {}, unread);
    if (entries.empty()) return;
    output.print("\n");
    LogPrinter printer(output, {false, style.colored, 0});
    for (const LogEntry& entry : entries)
        if (!printer.print(entry)) return;
}

void print_blocks(Output& output, const Found& found, const std::string& language,
                  const std::string& folder) {
    const OutputStyle style = style_of_stdout();
    std::string_view separator;
    for (const auto& status : found.statuses) {
        if (!status) continue;
        output.print(separator);
        output.print(status_text(*status, language, now(), style));
        print_processes(output, *status);
        print_last_lines(output, *status, folder, style);
        separator = "\n";
    }
}

ExitCode tell_named(Session& session, const Invocation& invocation, Output& output) {
    const Found found = find_statuses(session, invocation.operands);
    const std::string language = user_language();
    if (invocation.json)
        print_as_json(output, found, language, invocation.operands.size() == 1);
    else
        print_blocks(output, found, language, log_folder(root_of(invocation)));
    return found.code;
}

std::vector<Cell> summary_row(const ServiceStatus& status, const std::string& language) {
    const bool has_pid = status.main_pid != 0;
    const bool has_memory = status.memory_bytes != 0;
    return {{status.name},
            {status.state, color_of_state(status.state)},
            {status.since == Moment(0) ? "" : time_ago(status.since, now())},
            {has_pid ? std::to_string(status.main_pid) : ""},
            {has_memory ? size_text(status.memory_bytes) : ""},
            {in_language(status.descriptions, language)}};
}

void print_summary(Output& output, const Found& found, const std::string& language) {
    std::vector<std::vector<Cell>> rows;
    for (const auto& status : found.statuses)
        if (status) rows.push_back(summary_row(*status, language));
    output.print(
        render_table({{"NAME"}, {"STATE"}, {"SINCE"}, {"PID"}, {"MEMORY"}, {"DESCRIPTION", true}},
                     rows, style_of_stdout()));
}

ExitCode tell_all(Session& session, const Invocation& invocation, Output& output) {
    const auto listed = list_services(session.bus, "");
    if (!listed) {
        report_failure(session, "list services", listed.error());
        return ExitCode::status_unknown;
    }
    std::vector<std::string> names;
    for (const auto& service : *listed) names.push_back(service.name);
    Found found = find_statuses(session, names);
    const bool is_complete = found.is_complete();
    std::erase_if(found.statuses, [](const auto& s) { return !s || s->state == "stopped"; });
    const std::string language = user_language();
    if (invocation.json)
        print_as_json(output, found, language, false);
    else if (!found.statuses.empty())
        print_summary(output, found, language);
    else if (is_complete)
        note("no service runs, and none has failed");
    return is_complete ? ExitCode::ok : ExitCode::status_unknown;
}

}  // namespace

ExitCode run_status(const Invocation& invocation, Output& output) {
    // Descriptions come in all languages, so there is no need to say which one is wanted.
    auto session = open_session(invocation, Texts::none);
    if (!session) return ExitCode::status_unknown;
    return invocation.operands.empty() ? tell_all(*session, invocation, output)
                                       : tell_named(*session, invocation, output);
}

}  // namespace comar::cli
