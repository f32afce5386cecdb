// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace comar::cli {

struct Command;

/// One command line, understood.
struct Invocation {
    const Command* command = nullptr;
    std::vector<std::string> operands;
    std::string root;          ///< --root; empty: not given
    std::string socket;        ///< --socket; empty: not given
    std::string service_type;  ///< --type; empty: all
    std::string model;         ///< --model; empty: System.Service
    std::string lines;         ///< -n; empty: not given
    std::string since;         ///< --since; empty: not given
    std::string grep;          ///< --grep; empty: not given
    std::string boot;          ///< --boot, or -N as it stands; empty: not given
    bool follow = false;
    bool with_dependents = false;
    bool dry_run = false;
    bool all = false;
    bool dot = false;
    bool svg = false;
    bool json = false;
    bool verbose = false;
};

/// An option by its place in option_table().
enum class Option : unsigned {
    root,
    socket,
    verbose,
    json,
    service_type,
    model,
    follow,
    lines,
    since,
    grep,
    with_dependents,
    dry_run,
    all,
    boot,
    dot,
    svg,
    help,
    version
};

struct OptionRow {
    Option option;
    std::string_view long_name;   ///< with its dashes
    std::string_view short_name;  ///< empty: none
    std::string_view value;       ///< what the value is called in help; empty: takes none
    std::string_view meaning;
    bool everywhere;  ///< every command takes it
};

/// All options, indexed by Option.
[[nodiscard]] std::span<const OptionRow> option_table();

/// Reads a command line. `program` is the last part of argv[0]: "service" asks for the old
/// grammar, NAME VERB, which every other name accepts too when its first word is no command.
/// Options may stand anywhere; `--` ends them. invalid: the message says what makes no sense.
[[nodiscard]] Result<Invocation> parse_arguments(std::string_view program,
                                                 std::span<const std::string_view> words,
                                                 std::span<const Command> commands);

}  // namespace comar::cli
