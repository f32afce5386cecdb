// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "cli/arguments.h"
#include "cli/exit_code.h"

namespace comar::cli {

class Output;

/// Where a command may stand.
enum class Grammar {
    command_first,  ///< comar VERB NAME
    name_first,     ///< also: comar NAME VERB, service NAME VERB
};

/// The options that a command takes beside those that every command takes.
struct OptionSet {
    unsigned bits = 0;
    constexpr OptionSet() = default;
    constexpr OptionSet(std::initializer_list<Option> options) {
        for (const Option option : options) bits |= 1U << static_cast<unsigned>(option);
    }
    [[nodiscard]] constexpr bool has(Option option) const {
        return (bits >> static_cast<unsigned>(option) & 1U) != 0;
    }
};

/// How many operands a command takes.
struct OperandCount {
    std::size_t least = 0;
    std::size_t most = 0;
};
inline constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();

/// A command is a file, command_NAME.cpp, and a row of commands().
struct Command {
    std::string_view name;
    std::string_view operands;  ///< as help shows them
    std::string_view summary;
    OperandCount count;
    OptionSet options;
    Grammar grammar;
    ExitCode (*run)(const Invocation& invocation, Output& output);
};

/// All commands, in the order of `comar help`.
[[nodiscard]] std::span<const Command> commands();

/// The command of that name, or null.
[[nodiscard]] const Command* find_command(std::span<const Command> commands, std::string_view name);

/// "comar start NAME..."
[[nodiscard]] std::string usage(const Command& command);

ExitCode run_job(const Invocation& invocation, Output& output);
ExitCode run_startup(const Invocation& invocation, Output& output);
ExitCode run_status(const Invocation& invocation, Output& output);
ExitCode run_list(const Invocation& invocation, Output& output);
ExitCode run_info(const Invocation& invocation, Output& output);
ExitCode run_monitor(const Invocation& invocation, Output& output);
ExitCode run_logs(const Invocation& invocation, Output& output);
ExitCode run_register(const Invocation& invocation, Output& output);
ExitCode run_remove(const Invocation& invocation, Output& output);
ExitCode run_reload_models(const Invocation& invocation, Output& output);
ExitCode run_daemon_reexec(const Invocation& invocation, Output& output);
ExitCode run_reset(const Invocation& invocation, Output& output);
ExitCode run_show(const Invocation& invocation, Output& output);
ExitCode run_explain(const Invocation& invocation, Output& output);
ExitCode run_transition(const Invocation& invocation, Output& output);
ExitCode run_graph(const Invocation& invocation, Output& output);
ExitCode run_analyze(const Invocation& invocation, Output& output);
ExitCode run_check(const Invocation& invocation, Output& output);
ExitCode run_version(const Invocation& invocation, Output& output);
ExitCode run_help(const Invocation& invocation, Output& output);

}  // namespace comar::cli
