// SPDX-License-Identifier: MIT
// comar help [COMMAND]: made from the tables of commands and options.
#include <fmt/format.h>

#include "cli/command.h"
#include "cli/output.h"

namespace comar::cli {
namespace {

std::string option_line(const OptionRow& row) {
    std::string name(row.long_name);
    if (!row.short_name.empty()) name = std::string(row.short_name) + ", " + name;
    if (!row.value.empty()) name.append(" ").append(row.value);
    return fmt::format("  {:<16} {}\n", name, row.meaning);
}

std::string options_of(const Command* command) {
    std::string text;
    for (const auto& row : option_table()) {
        const bool is_taken =
            command == nullptr ? row.everywhere : command->options.has(row.option);
        if (is_taken) text += option_line(row);
    }
    return text;
}

std::string help_of(const Command& command) {
    std::string text = fmt::format("usage: {}\n\n{}\n", usage(command), command.summary);
    const std::string own = options_of(&command);
    if (!own.empty()) text += "\nOptions:\n" + own;
    return text + "\nOptions of every command:\n" + options_of(nullptr);
}

std::string help_of_all() {
    std::string text =
        "usage: comar COMMAND [OPTIONS] ...\n       comar NAME COMMAND\n\nCommands:\n";
    for (const auto& command : commands()) {
        text += fmt::format("  {:<22}{}\n", fmt::format("{} {}", command.name, command.operands),
                            command.summary);
    }
    return text + "\nOptions of every command:\n" + options_of(nullptr) +
           "\nMore: comar help COMMAND, man comar, man comar-script\n";
}

}  // namespace

ExitCode run_help(const Invocation& invocation, Output& output) {
    if (invocation.operands.empty()) {
        output.print(help_of_all());
        return ExitCode::ok;
    }
    const Command* command = find_command(commands(), invocation.operands[0]);
    if (command == nullptr) {
        complain("cannot find command '" + invocation.operands[0] + "'; see: comar help");
        return ExitCode::bad_usage;
    }
    output.print(help_of(*command));
    return ExitCode::ok;
}

}  // namespace comar::cli
