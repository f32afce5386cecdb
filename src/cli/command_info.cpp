// SPDX-License-Identifier: MIT
// comar info NAME: what the script's info() says.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/member.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/text.h"

namespace comar::cli {
namespace {

struct Info {
    const char* type = "";
    const char* description = "";
    const char* state = "";
};

void print_info(Output& output, const std::string& service, const Info& info, bool as_json) {
    const std::string name = bus_safe_name(service);
    if (as_json) {
        return print_json(output,
                          {{"name", name},
                           {"type", info.type},
                           {"description", info.description},
                           {"state", info.state}},
                          JsonLayout::indented);
    }
    output.print(fmt::format("{} - {}\n       Type: {}\n      State: {}\n", name,
                             escape_line(info.description), escape_line(info.type),
                             escape_line(info.state)));
}

}  // namespace

ExitCode run_info(const Invocation& invocation, Output& output) {
    const std::string& service = invocation.operands[0];
    auto session = open_session(invocation, Texts::in_user_language);
    if (!session) return ExitCode::failed;

    Bus& bus = session->bus;
    const Reply reply = bus.call(bus.method(service_member(service, "info")), Patience::reading);
    if (!reply) {
        report_service_failure(*session, "tell about", service, reply.error());
        return exit_code_of(reply.error());
    }
    Info info;
    if (sd_bus_message_read(reply->get(), "sss", &info.type, &info.description, &info.state) < 0) {
        complain("cannot understand what comard says about " + service);
        return ExitCode::failed;
    }
    print_info(output, service, info, invocation.json);
    return ExitCode::ok;
}

}  // namespace comar::cli
