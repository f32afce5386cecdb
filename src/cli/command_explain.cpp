// SPDX-License-Identifier: MIT
// comar explain NAME: why a service is as it is, and why what it needs is as that is.
#include <set>
#include <string>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/service_status.h"
#include "cli/session.h"
#include "cli/status_text.h"
#include "cli/text.h"

namespace comar::cli {
namespace {

constexpr std::size_t deepest = 32;

std::string times(std::uint32_t count) {
    return count == 1 ? "once" : std::to_string(count) + " times";
}

/// The sentences about one service; those about what it needs are indented below.
class Explanation {
public:
    Explanation(Session& session, Output& output) : session_(session), output_(output) {}

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
        tell(*status, depth);
        // What is well needs no explanation.
        for (const std::string& other : status->requires_services)
            if (status->state != "running") (void)explain(other, depth + 1);
        return exit_code_of(*status);
    }

private:
    ExitCode fail(const std::string& service, const CallFailure& failure, std::size_t depth) {
        if (depth > 0) {
            say(service + " is needed, and not registered", depth);
        } else {
            report_service_failure(session_, "explain", service, failure);
        }
        return ExitCode::status_unknown;
    }

    void tell(const ServiceStatus& status, std::size_t depth) {
        std::string first = status.name + " is " + status.state;
        if (status.since != Moment(0)) first += " since " + local_time(status.since);
        if (!status.cause.empty()) first += ": " + status.cause;
        say(first, depth);
        if (!status.last_error.empty()) say("  failed: " + status.last_error, depth);
        const std::string ending = ending_text(status.exit_code, status.exit_signal);
        if (!ending.empty()) say("  its main process ended last with " + ending, depth);
        if (status.restarts > 0)
            say("  comar has started it again " + times(status.restarts), depth);
        if (status.retry.count() > 0)
            say("  it is started again in " + span_text(status.retry), depth);
        if (!status.health.empty() && status.health != "ok")
            say("  not well: " + status.health, depth);
        if (status.wanted && status.state == "failed" && status.retry.count() == 0)
            say("  comar does not start it again by itself", depth);
        if (status.edited) say("  script or settings were edited since it was started", depth);
    }

    void say(const std::string& sentence, std::size_t depth) {
        output_.print(std::string(2 * depth, ' ') + escape_line(sentence) + "\n");
    }

    Session& session_;
    Output& output_;
    std::set<std::string> told_;
};

}  // namespace

ExitCode run_explain(const Invocation& invocation, Output& output) {
    auto session = open_session(invocation, Texts::none);
    if (!session) return ExitCode::status_unknown;
    return Explanation(*session, output).explain(invocation.operands[0], 0);
}

}  // namespace comar::cli
