// SPDX-License-Identifier: MIT
// comar list [--type TYPE]: all services, from one call.
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/service_list.h"
#include "cli/session.h"
#include "cli/table.h"

namespace comar::cli {
namespace {

nlohmann::ordered_json json_of(const ListedService& service) {
    nlohmann::ordered_json main_pid;
    if (service.main_pid != 0) main_pid = service.main_pid;
    return {{"name", service.name},
            {"type", service.type},
            {"state", service.state},
            {"start_up", service.start_up},
            {"description", service.description},
            {"main_pid", main_pid}};
}

void print_as_json(Output& output, const std::vector<ListedService>& services) {
    auto document = nlohmann::ordered_json::array();
    for (const auto& service : services) document.push_back(json_of(service));
    print_json(output, document, JsonLayout::indented);
}

void print_as_table(Output& output, const std::vector<ListedService>& services) {
    std::vector<std::vector<Cell>> rows;
    for (const auto& service : services) {
        rows.push_back({{service.name},
                        {service.type},
                        {service.state, color_of_reported_state(service.state)},
                        {service.start_up},
                        {service.description}});
    }
    output.print(render_table({{"NAME"}, {"TYPE"}, {"STATE"}, {"START-UP"}, {"DESCRIPTION", true}},
                              rows, style_of_stdout()));
}

void note_that_there_is_none(const std::string& type) {
    note(type.empty() ? "no service is registered"
                      : "no service of type " + type + " is registered");
}

}  // namespace

ExitCode run_list(const Invocation& invocation, Output& output) {
    auto session = open_session(invocation, Texts::in_user_language);
    if (!session) return ExitCode::failed;
    const auto services = list_services(session->bus, invocation.service_type);
    if (!services) {
        report_failure(*session, "list services", services.error());
        return exit_code_of(services.error());
    }
    if (invocation.json)
        print_as_json(output, *services);
    else if (services->empty())
        note_that_there_is_none(invocation.service_type);
    else
        print_as_table(output, *services);
    return ExitCode::ok;
}

}  // namespace comar::cli
