// SPDX-License-Identifier: MIT
// comar boot | switch GROUP | shutdown: many services at once, with their progress.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/member.h"
#include "cli/output.h"
#include "cli/plan_text.h"
#include "cli/progress_line.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/text.h"

namespace comar::cli {
namespace {

using nlohmann::json;

struct Transition {
    std::string_view command;
    const char* method;
    std::string_view failure;  ///< "cannot …"
};

constexpr Transition transitions[] = {
    {"boot", "Boot", "boot"},
    {"switch", "Switch", "switch"},
    {"shutdown", "Shutdown", "stop all services"},
};

bool went_wrong(const json& service) { return service.value("fate", "") != "succeeded"; }

std::string seconds(std::int64_t microseconds) {
    return fmt::format("{:.2f} s", static_cast<double>(microseconds) / 1e6);
}

std::string counted(std::size_t services) {
    return fmt::format("{} service{}", services, services == 1 ? "" : "s");
}

/// What an administrator wants to know at the end: how long, and what is wrong.
ExitCode tell(Output& output, const json& record, bool as_json) {
    if (as_json) print_json(output, record, JsonLayout::indented);
    std::size_t bad = 0;
    for (const auto& [app, service] : record.at("services").items()) {
        if (!went_wrong(service)) continue;
        ++bad;
        if (!as_json) {
            complain(fmt::format("{} {}: {}", app, service.value("fate", ""),
                                 service.value("error", "")));
        }
    }
    if (!as_json) {
        output.print(fmt::format("{} in {}{}\n", counted(record.at("services").size()),
                                 seconds(record.value("duration", std::int64_t{0})),
                                 bad == 0 ? "" : fmt::format(", {} of them not well", bad)));
        if (bad > 0) advise("look at: comar analyze; comar status NAME; comar logs NAME");
    }
    return bad == 0 ? ExitCode::ok : ExitCode::failed;
}

ExitCode tell_plan(Session& session, const Invocation& invocation, Output& output) {
    const Plans plans(session);
    return plans.tell("boot", {}, false, invocation.json, output);
}

}  // namespace

ExitCode run_transition(const Invocation& invocation, Output& output) {
    const Transition& transition =
        *std::ranges::find(transitions, invocation.command->name, &Transition::command);
    auto session = open_session(invocation, Texts::in_user_language, Purpose::change);
    if (!session) return ExitCode::failed;
    if (invocation.dry_run) return tell_plan(*session, invocation, output);

    ProgressLine line(invocation.json);
    if (auto watching =
            session->bus.watch_progress([&line](std::string_view text) { line.show(text); });
        !watching) {
        complain(watching.error().message);
    }
    const Member member = manager_member(transition.method);
    Message call = invocation.operands.empty()
                       ? session->bus.method(member)
                       : session->bus.method(member, "s", invocation.operands.front().c_str());
    const Reply reply = session->bus.call(std::move(call), Patience::job);
    line.end();
    const char* text = nullptr;
    if (!reply) {
        report_failure(*session, transition.failure, reply.error());
        return exit_code_of(reply.error());
    }
    if (sd_bus_message_read(reply->get(), "s", &text) < 0) text = "";
    const json record = json::parse(text, nullptr, false);
    if (!record.is_object()) {
        complain("cannot read what comard has answered");
        return ExitCode::failed;
    }
    return tell(output, record, invocation.json);
}

}  // namespace comar::cli
