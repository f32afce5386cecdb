// SPDX-License-Identifier: MIT
// comar start | stop | restart | reload | ready NAME...: all jobs begin at once, and each failure
// is told as it comes.
#include <algorithm>

#include "cli/command.h"
#include "cli/member.h"
#include "cli/output.h"
#include "cli/plan_text.h"
#include "cli/report.h"
#include "cli/session.h"
#include "core/name.h"
#include "core/name_list.h"

namespace comar::cli {
namespace {

enum class Needs { nothing, running_service };

struct Job {
    std::string_view command;
    const char* method;
    Message (*call)(Bus& bus, const std::string& service, const char* method);
    Needs needs;
    std::string_view doing;
    std::string_view done;
};

Message call_service(Bus& bus, const std::string& service, const char* method) {
    return bus.method(service_member(service, method));
}

Message call_manager(Bus& bus, const std::string& service, const char* method) {
    return bus.method(manager_member(method), "s", bus_safe_name(service).c_str());
}

constexpr Job jobs[] = {
    {"start", "start", call_service, Needs::nothing, "start", "started"},
    {"stop", "stop", call_service, Needs::nothing, "stop", "stopped"},
    {"stop with dependents", "StopWithDependents", call_manager, Needs::nothing, "stop", "stopped"},
    {"restart", "Restart", call_manager, Needs::nothing, "restart", "restarted"},
    {"reload", "reload", call_service, Needs::running_service, "reload", "reloaded"},
    {"ready", "ready", call_service, Needs::nothing, "run ready() of", "ready"},
};

bool is_stopped(Bus& bus, const std::string& service) {
    const Reply reply = bus.call(
        bus.method(service_properties(service, "Get"), "ss", supervision_interface, "State"),
        Patience::reading);
    const char* state = nullptr;
    if (!reply || sd_bus_message_read(reply->get(), "v", "s", &state) <= 0) return false;
    return std::string_view(state) == "stopped";
}

ExitCode fail(Session& session, const Job& job, const std::string& service,
              const CallFailure& failure) {
    report_service_failure(session, job.doing, service, failure);
    const ExitCode code = exit_code_of(failure);
    const bool wants_reason = code == ExitCode::failed && job.needs == Needs::running_service;
    return wants_reason && is_stopped(session.bus, service) ? ExitCode::not_running : code;
}

/// At once, as another service may take its time.
void tell_done(Output& output, const Job& job, const std::string& service) {
    output.print(service + ": " + std::string(job.done) + "\n");
    output.flush();
}

/// Who requires another one stops before it. Names those that stop without being asked for.
std::vector<std::string> in_order(Session& session, std::vector<std::string> services,
                                  bool with_dependents) {
    if (services.size() < 2 && !with_dependents) return services;
    std::vector<std::string> sorted;
    std::vector<std::string> others;
    for (const std::string& app : Plans(session).order_of_stop(services, with_dependents)) {
        const auto found = std::ranges::find(
            services, app, [](const std::string& service) { return bus_safe_name(service); });
        if (found == services.end()) {
            others.push_back(app);
            continue;
        }
        sorted.push_back(std::move(*found));
        services.erase(found);
    }
    if (!others.empty()) note("stopping " + name_list(others) + ", too");
    sorted.insert(sorted.end(), services.begin(), services.end());
    return sorted;
}

}  // namespace

ExitCode run_job(const Invocation& invocation, Output& output) {
    const std::string_view name =
        invocation.with_dependents ? "stop with dependents" : invocation.command->name;
    const Job& job = *std::ranges::find(jobs, name, &Job::command);
    auto session = open_session(invocation, Texts::in_user_language, Purpose::change);
    if (!session) return ExitCode::failed;

    auto services = invocation.operands;
    if (invocation.dry_run) {
        return Plans(*session).tell(std::string(invocation.command->name), services,
                                    invocation.with_dependents, invocation.json, output);
    }
    if (invocation.command->name == "stop") {
        services = in_order(*session, std::move(services), invocation.with_dependents);
    }
    std::vector<Message> calls;
    for (const auto& service : services)
        calls.push_back(job.call(session->bus, service, job.method));

    ExitCode code = ExitCode::ok;
    session->bus.call_all(std::move(calls), Patience::job, [&](std::size_t index, Reply reply) {
        if (!reply)
            code = combined(code, fail(*session, job, services[index],
                                       failure_of(services[index], reply.error())));
        else if (invocation.verbose)
            tell_done(output, job, services[index]);
    });
    return code;
}

}  // namespace comar::cli
