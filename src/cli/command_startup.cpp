// SPDX-License-Identifier: MIT
// comar on | off | conditional NAME...: what happens to services at boot.
#include "cli/command.h"
#include "cli/member.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/session.h"

namespace comar::cli {

ExitCode run_startup(const Invocation& invocation, Output& output) {
    const std::string state(invocation.command->name);
    auto session = open_session(invocation, Texts::in_user_language, Purpose::change);
    if (!session) return ExitCode::failed;

    const auto& services = invocation.operands;
    std::vector<Message> calls;
    for (const auto& service : services) {
        calls.push_back(
            session->bus.method(service_member(service, "setState"), "s", state.c_str()));
    }

    ExitCode code = ExitCode::ok;
    session->bus.call_all(std::move(calls), Patience::job, [&](std::size_t index, Reply reply) {
        if (!reply) {
            report_service_failure(*session, "set the start-up state of", services[index],
                                   reply.error());
            code = combined(code, exit_code_of(reply.error()));
        } else if (invocation.verbose) {
            output.print(services[index] + ": " + state + "\n");
        }
    });
    return code;
}

}  // namespace comar::cli
