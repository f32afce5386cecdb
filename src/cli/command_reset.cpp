// SPDX-License-Identifier: MIT
// comar reset NAME...: failures are forgotten, and who gave up is started again.
#include "cli/command.h"
#include "cli/member.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/session.h"

namespace comar::cli {

ExitCode run_reset(const Invocation& invocation, Output& output) {
    auto session = open_session(invocation, Texts::in_user_language, Purpose::change);
    if (!session) return ExitCode::failed;
    ExitCode code = ExitCode::ok;
    for (const std::string& service : invocation.operands) {
        const Reply reply = session->bus.call(
            session->bus.method(manager_member("Reset"), "s", bus_safe_name(service).c_str()),
            Patience::reading);
        if (!reply) {
            report_service_failure(*session, "reset", service, reply.error());
            code = combined(code, exit_code_of(reply.error()));
        } else if (invocation.verbose) {
            output.print(service + ": reset\n");
        }
    }
    return code;
}

}  // namespace comar::cli
