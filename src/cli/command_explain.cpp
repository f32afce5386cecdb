// SPDX-License-Identifier: MIT
// comar explain NAME: why a service is as it is, why what it needs is not well, and what to do.
#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/log_files.h"
#include "cli/log_tail.h"
#include "cli/member.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/service_graph.h"
#include "cli/service_status.h"
#include "cli/session.h"
#include "cli/status_text.h"
#include "cli/text.h"

namespace comar::cli {
namespace {

constexpr std::size_t deepest = 32;
constexpr std::size_t shown_lines = 5;

std::string times(std::uint32_t count) {
    return count == 1 ? "once" : std::to_string(count) + " times";
}

/// The sentences about one service; those about what it needs are indented below.
class Explanation {
public:
    Explanation(Session& session, Output& output, std::string log_folder)
        : session_(session), output_(output), log_folder_(std::move(log_folder)) {}

    ExitCode explain(const std::string& service, std::size_t depth) {
        if (depth > deepest || !told_.insert(service).second) return ExitCode::ok;
        const Reply reply =
            session_.bus.call(status_call(session_.bus, service), Patience::reading);
        if (!reply) return fail(service, reply.error(), depth);
        const auto status = read_status(reply->get(), service);
        if (!status) {
            complain(status.error().message);
            return ExitCode::status_unknown;
        }
        // What is well needs no explanation.
        if (depth > 0 && status->state == "running") return ExitCode::ok;
        tell(*status, depth);
        for (const std::string& other : status->requires_services) (void)explain(other, depth + 1);
        return exit_code_of(*status);
    }

private:
    ExitCode fail(const std::string& service, const CallFailure& failure, std::size_t depth) {
        if (depth > 0) {
            const std::string lack = why_nobody(service);
            say("it needs " + service + (lack.empty() ? ", which is not registered" : ": " + lack),
                depth);
        } else {
            report_service_failure(session_, "explain", service, failure);
        }
        return ExitCode::status_unknown;
    }

    /// Of a virtual name: why comard cannot tell who is meant. Empty: there is no such name.
    std::string why_nobody(const std::string& name) {
        const Reply reply =
            session_.bus.call(session_.bus.method(manager_member("Graph")), Patience::reading);
        const char* text = nullptr;
        if (!reply || sd_bus_message_read(reply->get(), "s", &text) <= 0) return "";
        const auto graph = read_graph(nlohmann::ordered_json::parse(text, nullptr, false));
        const auto found = graph ? resolve(*graph, name) : Result<std::string>("");
        return !found && found.error().kind == ErrorKind::invalid ? found.error().message : "";
    }

    void tell(const ServiceStatus& status, std::size_t depth) {
        std::string first =
            depth > 0 ? "it needs " + status.name + ", which is " : status.name + " is ";
        first += status.state;
        if (status.since != Moment(0)) first += " since " + local_time(status.since);
        // What has failed since then is not what the cause is about.
        const bool has_failed = status.state == "failed" && !status.last_error.empty();
        if (!status.cause.empty() && !has_failed) first += ": " + status.cause;
        say(first, depth);
        tell_failure(status, depth + 1);
        if (!status.cause.empty() && has_failed)
            say("what was done with it last: " + status.cause, depth + 1);
        tell_outlook(status, depth + 1);
    }

    void tell_failure(const ServiceStatus& status, std::size_t depth) {
        if (!status.last_error.empty()) say("failed: " + status.last_error, depth);
        const bool has_output = status.last_error.find('\n') != std::string::npos;
        const std::string ending = ending_text(status.exit_code, status.exit_signal);
        if (!ending.empty()) say("its main process ended last with " + ending, depth);
        if (status.restarts > 0) say("comar has started it again " + times(status.restarts), depth);
        if (!status.health.empty() && status.health != "ok")
            say("not well: " + status.health, depth);
        if (status.state == "failed" && !has_output) tell_last_lines(status, depth);
    }

    /// Nothing where the log is not for this user, or somewhere else.
    void tell_last_lines(const ServiceStatus& status, std::size_t depth) {
        UnreadLogs unread;
        const auto files = open_logs(log_folder_, status.name, unread);
        if (!files || files->empty()) return;
        const auto entries = last_entries(*files, status.name, shown_lines, {}, unread);
        if (entries.empty()) return;
        say("it printed last:", depth);
        for (const LogEntry& entry : entries) say(std::string(entry.text), depth + 1);
    }

    /// What comes next, and what one may do about it.
    void tell_outlook(const ServiceStatus& status, std::size_t depth) {
        if (status.retry.count() > 0)
            say("it is started again in " + span_text(status.retry), depth);
        if (status.wanted && status.state == "failed" && status.retry.count() == 0)
            say("comar does not start it again by itself; 'comar start " + status.name + "' does",
                depth);
        if (status.state == "unknown" || (status.state == "stopped" && status.cause.empty()))
            say("nobody has started it; its start-up state is " + status.start_up, depth);
        if (status.edited) say("script or settings were edited since it was started", depth);
        if (status.state != "running")
            for (const std::string& other : status.required_by) say(other + " needs it", depth);
    }

    /// Further lines, as of what a program has printed, are indented below the first.
    void say(const std::string& sentence, std::size_t depth) {
        std::string_view lines = sentence;
        for (std::size_t indent = 2 * depth; !lines.empty(); indent = 2 * depth + 4) {
            const std::string_view line = lines.substr(0, lines.find('\n'));
            output_.print(std::string(indent, ' ') + escape_line(line) + "\n");
            lines.remove_prefix(std::min(line.size() + 1, lines.size()));
        }
    }

    Session& session_;
    Output& output_;
    std::string log_folder_;
    std::set<std::string> told_;
};

}  // namespace

ExitCode run_explain(const Invocation& invocation, Output& output) {
    auto session = open_session(invocation, Texts::none);
    if (!session) return ExitCode::status_unknown;
    return Explanation(*session, output, log_folder(root_of(invocation)))
        .explain(invocation.operands[0], 0);
}

}  // namespace comar::cli
