// SPDX-License-Identifier: MIT
#include "cli/arguments.h"

#include <algorithm>
#include <optional>

#include "cli/command.h"

namespace comar::cli {
namespace {

constexpr OptionRow options[] = {
    {Option::root, "--root", "", "DIR", "talk to the comard of this root (or: COMAR_ROOT)", true},
    {Option::socket, "--socket", "", "PATH", "talk to the comard of this socket", true},
    {Option::verbose, "--verbose", "-v", "", "tell what succeeded, too", true},
    {Option::json, "--json", "", "", "answer in JSON", false},
    {Option::service_type, "--type", "", "TYPE", "only this type: local, server or script", false},
    {Option::model, "--model", "", "MODEL", "the script's model (default: System.Service)", false},
    {Option::follow, "--follow", "-f", "", "go on with new lines as they come", false},
    {Option::lines, "--lines", "-n", "N", "only the last N lines", false},
    {Option::since, "--since", "", "TIME", "only from then on: 10m, 2h, yesterday, 2026-11-24",
     false},
    {Option::grep, "--grep", "", "RE", "only lines that match this regular expression", false},
    {Option::with_dependents, "--with-dependents", "", "", "stop those that require it, too",
     false},
    {Option::dry_run, "--dry-run", "", "", "only tell what would be done, and why", false},
    {Option::all, "--all", "", "", "check how all registered scripts fit together", false},
    {Option::boot, "--boot", "", "ID",
     "that boot of `comar analyze list`; also N or -N: the Nth before the last", false},
    {Option::dot, "--dot", "", "", "the text that Graphviz draws", false},
    {Option::svg, "--svg", "", "", "a picture, drawn by Graphviz", false},
    {Option::help, "--help", "-h", "", "explain the command", true},
    {Option::version, "--version", "", "", "print the version of comar", true},
};

constexpr bool indexed_by_option() {
    for (std::size_t i = 0; i < std::size(options); ++i)
        if (options[i].option != static_cast<Option>(i)) return false;
    return true;
}
static_assert(indexed_by_option());

struct GivenOption {
    const OptionRow* row;
    std::string_view value;
};

/// A command line before it is known what it asks for.
struct SortedWords {
    std::vector<GivenOption> options;
    std::vector<std::string_view> operands;

    [[nodiscard]] bool has(Option option) const {
        return std::ranges::any_of(options,
                                   [&](const auto& given) { return given.row->option == option; });
    }
};

Failure senseless(std::string message) { return failure(ErrorKind::invalid, std::move(message)); }

std::string quoted(std::string_view word) { return "'" + std::string(word) + "'"; }

const OptionRow* find_option(std::string_view name) {
    const auto found = std::ranges::find_if(options, [&](const OptionRow& row) {
        return row.long_name == name || (!row.short_name.empty() && row.short_name == name);
    });
    return found == std::end(options) ? nullptr : found;
}

/// "-n50", as many write it.
const OptionRow* find_option_with_value(std::string_view word) {
    if (word.size() < 3 || word[1] == '-') return nullptr;
    const OptionRow* row = find_option(word.substr(0, 2));
    return row == nullptr || row->value.empty() ? nullptr : row;
}

/// "-1" is a boot, counted back, as in journalctl.
const OptionRow* find_number(std::string_view word) {
    const bool is_number = word.find_first_not_of("0123456789", 1) == std::string_view::npos;
    return is_number ? find_option("--boot") : nullptr;
}

/// Reads the option at words[at], and moves `at` to the last word that it takes.
Result<GivenOption> read_option(std::span<const std::string_view> words, std::size_t& at) {
    const std::string_view word = words[at];
    if (const OptionRow* row = find_option_with_value(word))
        return GivenOption{row, word.substr(2)};
    if (const OptionRow* row = find_number(word)) return GivenOption{row, word};
    const auto equals = word.starts_with("--") ? word.find('=') : std::string_view::npos;
    const std::string_view name = word.substr(0, equals);
    const OptionRow* row = find_option(name);
    if (row == nullptr) return senseless("cannot find option " + quoted(name));
    if (row->value.empty()) {
        if (equals != std::string_view::npos)
            return senseless("cannot give option " + quoted(name) + " a value");
        return GivenOption{row, {}};
    }
    std::string_view value;
    if (equals != std::string_view::npos)
        value = word.substr(equals + 1);
    else if (at + 1 < words.size())
        value = words[++at];
    if (value.empty())
        return senseless("cannot use option " + quoted(name) + " without " +
                         std::string(row->value));
    return GivenOption{row, value};
}

Result<SortedWords> sort_words(std::span<const std::string_view> words) {
    SortedWords sorted;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const std::string_view word = words[at];
        if (word == "--") {
            sorted.operands.insert(sorted.operands.end(), words.begin() + at + 1, words.end());
            break;
        }
        if (word.size() < 2 || word.front() != '-') {
            sorted.operands.push_back(word);
            continue;
        }
        const auto given = read_option(words, at);
        if (!given) return Failure(given.error());
        sorted.options.push_back(*given);
    }
    return sorted;
}

/// A command and what stands beside it.
struct Request {
    const Command* command;
    std::vector<std::string_view> operands;
};

std::optional<Request> name_then_verb(std::span<const std::string_view> words,
                                      std::span<const Command> commands) {
    if (words.size() != 2) return std::nullopt;
    const Command* command = find_command(commands, words[1]);
    if (command == nullptr || command->grammar != Grammar::name_first) return std::nullopt;
    return Request{command, {words[0]}};
}

/// service | service list | service help | service NAME | service NAME VERB
Result<Request> find_request_of_service(std::span<const std::string_view> words,
                                        std::span<const Command> commands) {
    if (words.empty()) return Request{find_command(commands, "list"), {}};
    if (words.size() == 1) {
        if (words[0] == "list" || words[0] == "help")
            return Request{find_command(commands, words[0]), {}};
        return Request{find_command(commands, "status"), {words[0]}};
    }
    if (auto request = name_then_verb(words, commands)) return *request;
    return senseless("cannot " + quoted(words[1]) + " a service; see: service help");
}

Result<Request> find_request(std::span<const std::string_view> words,
                             std::span<const Command> commands) {
    if (words.empty()) return senseless("cannot run without a command; see: comar help");
    if (const Command* command = find_command(commands, words[0]))
        return Request{command, {words.begin() + 1, words.end()}};
    if (auto request = name_then_verb(words, commands)) return *request;
    // Which of the two was meant to be the command, only its author knows.
    const bool is_old_order = words.size() == 2 && find_command(commands, words[1]) == nullptr;
    const std::string second = is_old_order ? " or " + quoted(words[1]) : "";
    return senseless("cannot find command " + quoted(words[0]) + second + "; see: comar help");
}

Result<> check_operands(const Request& request) {
    const auto [least, most] = request.command->count;
    const std::size_t count = request.operands.size();
    const auto refused = [&](std::string_view reason) {
        return senseless("cannot run " + quoted(request.command->name) + " " + std::string(reason) +
                         "; usage: " + usage(*request.command));
    };
    if (count < least) return refused("with so few words");
    if (count > most) return refused("with " + quoted(request.operands[most]));
    if (std::ranges::any_of(request.operands, &std::string_view::empty))
        return refused("with an empty word");
    return {};
}

Result<> check_options(const Command& command, const SortedWords& sorted) {
    for (const auto& given : sorted.options) {
        if (given.row->everywhere || command.options.has(given.row->option)) continue;
        return senseless("cannot run " + quoted(command.name) + " with option " +
                         quoted(given.row->long_name));
    }
    return {};
}

std::string value_of(const SortedWords& sorted, Option option) {
    std::string value;
    for (const auto& given : sorted.options)
        if (given.row->option == option) value = given.value;
    return value;
}

Invocation make_invocation(const Request& request, const SortedWords& sorted) {
    return {.command = request.command,
            .operands = {request.operands.begin(), request.operands.end()},
            .root = value_of(sorted, Option::root),
            .socket = value_of(sorted, Option::socket),
            .service_type = value_of(sorted, Option::service_type),
            .model = value_of(sorted, Option::model),
            .lines = value_of(sorted, Option::lines),
            .since = value_of(sorted, Option::since),
            .grep = value_of(sorted, Option::grep),
            .boot = value_of(sorted, Option::boot),
            .follow = sorted.has(Option::follow),
            .with_dependents = sorted.has(Option::with_dependents),
            .dry_run = sorted.has(Option::dry_run),
            .all = sorted.has(Option::all),
            .dot = sorted.has(Option::dot),
            .svg = sorted.has(Option::svg),
            .json = sorted.has(Option::json),
            .verbose = sorted.has(Option::verbose)};
}

/// --help and --version win over everything else, even over a command line that is not complete.
std::optional<Invocation> asked_about_itself(const SortedWords& sorted,
                                             std::span<const Command> commands) {
    Invocation invocation;
    if (sorted.has(Option::version)) {
        invocation.command = find_command(commands, "version");
        return invocation;
    }
    if (!sorted.has(Option::help)) return std::nullopt;
    invocation.command = find_command(commands, "help");
    if (!sorted.operands.empty() && find_command(commands, sorted.operands[0]) != nullptr)
        invocation.operands.emplace_back(sorted.operands[0]);
    return invocation;
}

}  // namespace

std::span<const OptionRow> option_table() { return options; }

Result<Invocation> parse_arguments(std::string_view program,
                                   std::span<const std::string_view> words,
                                   std::span<const Command> commands) {
    const auto sorted = sort_words(words);
    if (!sorted) return Failure(sorted.error());
    if (auto invocation = asked_about_itself(*sorted, commands)) return *invocation;

    const auto request = program == "service" ? find_request_of_service(sorted->operands, commands)
                                              : find_request(sorted->operands, commands);
    if (!request) return Failure(request.error());
    if (auto ok = check_operands(*request); !ok) return Failure(ok.error());
    if (auto ok = check_options(*request->command, *sorted); !ok) return Failure(ok.error());
    return make_invocation(*request, *sorted);
}

}  // namespace comar::cli
