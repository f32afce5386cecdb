// SPDX-License-Identifier: MIT
// comar analyze [WHAT]...: where the time of a boot went.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/boot_plot.h"
#include "cli/boot_text.h"
#include "cli/boots.h"
#include "cli/command.h"
#include "cli/critical_chain.h"
#include "cli/json_output.h"
#include "cli/output.h"
#include "core/name.h"

namespace comar::cli {
namespace {

/// What a view works on; its operands stand after its name.
struct Request {
    Boots& boots;
    const Invocation& invocation;
    std::vector<std::string> operands;
    Output& output;
};

void print_document(const Request& request, const nlohmann::ordered_json& document) {
    print_json(request.output, document, JsonLayout::indented);
}

std::optional<std::size_t> chosen(const Request& request) {
    const std::string& wanted = request.invocation.boot;
    return wanted.empty() ? request.boots.last() : request.boots.choose(wanted);
}

/// Null: the user has been told why.
const BootRecord* chosen_record(const Request& request) {
    const auto at = chosen(request);
    return at ? request.boots.record(*at) : nullptr;
}

ExitCode show_time(const Request& request) {
    const BootRecord* record = chosen_record(request);
    if (record == nullptr) return request.boots.code();
    if (request.invocation.json)
        print_document(request, time_json(*record));
    else
        request.output.print(time_text(*record, style_of_stdout()));
    return ExitCode::ok;
}

ExitCode show_blame(const Request& request) {
    const BootRecord* record = chosen_record(request);
    if (record == nullptr) return request.boots.code();
    if (request.invocation.json)
        print_document(request, services_json(*record, slowest_first(*record)));
    else
        request.output.print(blame_text(*record, style_of_stdout()));
    return ExitCode::ok;
}

ExitCode no_part(const BootRecord& record, const std::string& name) {
    complain(name.empty()
                 ? "cannot find a critical chain: no service had its turn in boot " + record.id
                 : "cannot find a critical chain: " + name + " had no turn in boot " + record.id);
    return name.empty() || find_service(record, name) != nullptr ? ExitCode::failed
                                                                 : ExitCode::not_installed;
}

ExitCode show_chain(const Request& request) {
    const BootRecord* record = chosen_record(request);
    if (record == nullptr) return request.boots.code();
    const std::string name = request.operands.empty() ? "" : bus_safe_name(request.operands[0]);
    const auto chain = critical_chain(*record, name);
    if (chain.empty()) return no_part(*record, name);
    if (request.invocation.json)
        print_document(request, services_json(*record, chain));
    else
        request.output.print(chain_text(*record, chain, style_of_stdout()));
    return ExitCode::ok;
}

ExitCode show_plot(const Request& request) {
    const auto at = chosen(request);
    const BootRecord* record = at ? request.boots.record(*at) : nullptr;
    if (record == nullptr) return request.boots.code();
    if (request.invocation.json)
        print_document(request, nlohmann::ordered_json::parse(request.boots.text(*at)));
    else
        request.output.print(plot_boot(*record));
    return ExitCode::ok;
}

/// diff: the last boot and the one before; diff A: A and the last; diff A B.
ExitCode show_diff(const Request& request) {
    const auto& [boots, invocation, operands, output] = request;
    const auto after = operands.size() > 1 ? boots.choose(operands[1]) : chosen(request);
    if (!after) return boots.code();
    const auto before = operands.empty() ? boots.last_like(*after) : boots.choose(operands[0]);
    if (!before) return boots.code();
    const BootRecord* one = boots.record(*before);
    const BootRecord* other = one == nullptr ? nullptr : boots.record(*after);
    if (other == nullptr) return boots.code();
    if (invocation.json)
        print_document(request, diff_json(*one, *other));
    else
        output.print(diff_text(*one, *other, style_of_stdout()));
    return ExitCode::ok;
}

ExitCode show_list(const Request& request) {
    std::vector<BootRecord> records;
    for (std::size_t at = 0; at < request.boots.size(); ++at) {
        const BootRecord* record = request.boots.record(at);
        if (record == nullptr) return request.boots.code();
        records.push_back(*record);
    }
    if (request.invocation.json)
        print_document(request, boots_json(records));
    else
        request.output.print(boots_text(records, style_of_stdout()));
    return ExitCode::ok;
}

struct View {
    std::string_view name;
    std::string_view operands;  ///< as usage shows them
    std::size_t most;
    ExitCode (*show)(const Request& request);
};
constexpr View views[] = {
    {"time", "", 0, show_time},
    {"blame", "", 0, show_blame},
    {"critical-chain", " [NAME]", 1, show_chain},
    {"plot", "", 0, show_plot},
    {"diff", " [A [B]]", 2, show_diff},
    {"list", "", 0, show_list},
};

const View* find_view(const std::vector<std::string>& words) {
    if (words.empty()) return &views[0];
    const auto found = std::ranges::find(views, words[0], &View::name);
    return found == std::end(views) ? nullptr : &*found;
}

ExitCode refuse(const std::string& message) {
    complain(message);
    return ExitCode::bad_usage;
}

}  // namespace

ExitCode run_analyze(const Invocation& invocation, Output& output) {
    const auto& words = invocation.operands;
    const View* view = find_view(words);
    if (view == nullptr)
        return refuse("cannot analyze '" + words[0] + "'; see: comar help analyze");
    if (words.size() > view->most + 1)
        return refuse(
            fmt::format("cannot run 'analyze {0}' with '{1}'; usage: comar analyze {0}{2}",
                        view->name, words[view->most + 1], view->operands));
    auto session = open_session(invocation, Texts::none);
    if (!session) return ExitCode::failed;
    Boots boots(*session);
    if (!boots.list()) return boots.code();
    return view->show({.boots = boots,
                       .invocation = invocation,
                       .operands = {words.begin() + (words.empty() ? 0 : 1), words.end()},
                       .output = output});
}

}  // namespace comar::cli
