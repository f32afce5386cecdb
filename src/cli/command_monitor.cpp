// SPDX-License-Identifier: MIT
// comar monitor: a line for each change of a service's state, written at once.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/moment.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/text.h"

namespace comar::cli {
namespace {

void print_change(Output& output, std::string_view service, std::string_view state, bool as_json) {
    const std::string time = iso_time(now());
    if (as_json) {
        return print_json(output, {{"time", time}, {"name", service}, {"state", state}},
                          JsonLayout::one_line);
    }
    output.print(fmt::format("{} {} {}\n", time, escape_line(service), escape_line(state)));
}

ExitCode fail(const Error& error) {
    complain(error.message);
    return ExitCode::failed;
}

}  // namespace

ExitCode run_monitor(const Invocation& invocation, Output& output) {
    auto session = open_session(invocation, Texts::none);
    if (!session) return ExitCode::failed;
    const auto watching =
        session->bus.watch_changes([&](std::string_view service, std::string_view state) {
            print_change(output, service, state, invocation.json);
            return output.flush();  // an error is told at the end, as everywhere
        });
    if (!watching) return fail(watching.error());
    if (invocation.verbose) note("watching");
    const auto followed = session->bus.follow_changes();
    return followed ? ExitCode::ok : fail(followed.error());
}

}  // namespace comar::cli
