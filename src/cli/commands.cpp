// SPDX-License-Identifier: MIT
#include <algorithm>

#include "cli/command.h"

namespace comar::cli {
namespace {

constexpr OperandCount none{0, 0};
constexpr OperandCount one{1, 1};
constexpr OperandCount one_or_more{1, any_number};
constexpr OperandCount any{0, any_number};
constexpr Grammar name_first = Grammar::name_first;
constexpr Grammar command_first = Grammar::command_first;

// clang-format off
constexpr Command table[] = {
    {"start", "NAME...", "start services",
     one_or_more, {Option::json, Option::dry_run}, name_first, run_job},
    {"stop", "NAME...", "stop services",
     one_or_more, {Option::json, Option::dry_run, Option::with_dependents}, name_first, run_job},
    {"restart", "NAME...", "stop services, then start them",
     one_or_more, {}, name_first, run_job},
    {"reload", "NAME...", "let services read their settings again",
     one_or_more, {}, name_first, run_job},
    {"ready", "NAME...", "do what boot does: start services that are on",
     one_or_more, {}, name_first, run_job},
    {"status", "[NAME...]", "tell how services are; without a name: all that run or failed",
     any, {Option::json}, name_first, run_status},
    {"explain", "NAME", "tell why a service is as it is",
     one, {}, name_first, run_explain},
    {"show", "NAME", "tell how a service is set, and by whom",
     one, {Option::json}, name_first, run_show},
    {"reset", "NAME...", "forget failures, and try again what gave up",
     one_or_more, {}, name_first, run_reset},
    {"info", "NAME", "tell type, description and state of a service",
     one, {Option::json}, name_first, run_info},
    {"list", "", "list all services",
     none, {Option::json, Option::service_type}, command_first, run_list},
    {"on", "NAME...", "start services at boot",
     one_or_more, {}, name_first, run_startup},
    {"off", "NAME...", "do not start services at boot",
     one_or_more, {}, name_first, run_startup},
    {"conditional", "NAME...", "let services decide at boot",
     one_or_more, {}, name_first, run_startup},
    {"monitor", "", "print changes of services as they come",
     none, {Option::json}, command_first, run_monitor},
    {"logs", "[NAME...]", "show what services print; without a name: of all",
     any,
     {Option::json, Option::follow, Option::lines, Option::since, Option::grep},
     command_first, run_logs},
    {"graph", "[NAME]", "show how services relate to each other, or one to others",
     {0, 1}, {Option::dot, Option::svg, Option::json}, command_first, run_graph},
    {"analyze", "[WHAT]...",
     "tell where a boot's time went: time, blame, critical-chain, plot, diff, list",
     {0, 3}, {Option::boot, Option::json}, command_first, run_analyze},
    {"register", "NAME FILE", "register a script, or a new version of it",
     {2, 2}, {Option::model}, command_first, run_register},
    {"remove", "NAME", "forget a script",
     one, {}, command_first, run_remove},
    {"boot", "", "start all services that are on, as the machine does when it boots",
     none, {Option::json, Option::dry_run}, command_first, run_transition},
    {"switch", "GROUP", "stop what is not in a group of services, and start what is",
     one, {Option::json}, command_first, run_transition},
    {"shutdown", "", "stop all services",
     none, {Option::json}, command_first, run_transition},
    {"daemon-reexec", "", "let comard be executed anew, after an upgrade",
     none, {}, command_first, run_daemon_reexec},
    {"reload-models", "", "let comard read its models again",
     none, {}, command_first, run_reload_models},
    {"check", "[FILE...]", "check scripts as register does, without comard; --all: those registered",
     any, {Option::json, Option::model, Option::all}, command_first, run_check},
    {"version", "", "print the version of comar",
     none, {}, command_first, run_version},
    {"help", "[COMMAND]", "explain comar, or one of its commands",
     {0, 1}, {}, command_first, run_help},
};
// clang-format on

}  // namespace

std::span<const Command> commands() { return table; }

const Command* find_command(std::span<const Command> commands, std::string_view name) {
    const auto found = std::ranges::find(commands, name, &Command::name);
    return found == commands.end() ? nullptr : &*found;
}

std::string usage(const Command& command) {
    std::string text = "comar " + std::string(command.name);
    if (!command.operands.empty()) text.append(" ").append(command.operands);
    return text;
}

}  // namespace comar::cli
