// SPDX-License-Identifier: MIT
// comar daemon-reexec: comard goes on as whatever is in its program file now.
#include "cli/command.h"
#include "cli/member.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/session.h"

namespace comar::cli {

ExitCode run_daemon_reexec(const Invocation& invocation, Output& output) {
    auto session = open_session(invocation, Texts::none, Purpose::change);
    if (!session) return ExitCode::failed;
    const Reply reply =
        session->bus.call(session->bus.method(manager_member("Reexec")), Patience::job);
    if (!reply) {
        report_failure(*session, "execute comard anew", reply.error());
        return exit_code_of(reply.error());
    }
    // Its socket has never stopped listening; whoever gets an answer there knows that it is back.
    auto again = open_session(invocation, Texts::none);
    if (!again) return ExitCode::failed;
    const Reply pong = again->bus.call(
        again->bus.method({"/", "org.freedesktop.DBus.Peer", "Ping"}), Patience::reading);
    if (!pong) {
        report_failure(*again, "reach the new comard", pong.error());
        return ExitCode::failed;
    }
    if (invocation.verbose) output.print("comard: executed anew\n");
    return ExitCode::ok;
}

}  // namespace comar::cli
