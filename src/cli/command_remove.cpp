// SPDX-License-Identifier: MIT
// comar remove NAME: comard forgets the script, and with it the service.
#include "cli/command.h"
#include "cli/member.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/session.h"

namespace comar::cli {

ExitCode run_remove(const Invocation& invocation, Output& output) {
    const std::string& service = invocation.operands[0];
    auto session = open_session(invocation, Texts::in_user_language, Purpose::change);
    if (!session) return ExitCode::failed;

    Bus& bus = session->bus;
    const Reply reply = bus.call(
        bus.method(classic_member("remove"), "s", bus_safe_name(service).c_str()), Patience::job);
    if (!reply) {
        report_service_failure(*session, "remove", service, reply.error());
        return exit_code_of(reply.error());
    }
    if (invocation.verbose) output.print(service + ": removed\n");
    return ExitCode::ok;
}

}  // namespace comar::cli
