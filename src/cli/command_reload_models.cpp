// SPDX-License-Identifier: MIT
// comar reload-models: comard reads the folder of the models again.
#include "cli/command.h"
#include "cli/member.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/session.h"

namespace comar::cli {
namespace {

std::vector<std::string> read_texts(sd_bus_message* message) {
    std::vector<std::string> texts;
    if (sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "s") < 0) return texts;
    const char* text = nullptr;
    while (sd_bus_message_read(message, "s", &text) > 0) texts.emplace_back(text);
    return texts;
}

}  // namespace

ExitCode run_reload_models(const Invocation& invocation, Output& output) {
    auto session = open_session(invocation, Texts::none, Purpose::change);
    if (!session) return ExitCode::failed;
    const Reply reply =
        session->bus.call(session->bus.method(manager_member("ReloadModels")), Patience::reading);
    if (!reply) {
        report_failure(*session, "reload the models", reply.error());
        return exit_code_of(reply.error());
    }
    const auto problems = read_texts(reply->get());
    for (const std::string& problem : problems) complain(problem);
    if (problems.empty() && invocation.verbose) output.print("models: read again\n");
    return problems.empty() ? ExitCode::ok : ExitCode::failed;
}

}  // namespace comar::cli
