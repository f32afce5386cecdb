// SPDX-License-Identifier: MIT
#include "cli/plan_text.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/json_output.h"
#include "cli/member.h"
#include "cli/report.h"
#include "cli/text.h"
#include "core/name.h"

namespace comar::cli {
namespace {

using nlohmann::ordered_json;

/// More than any machine has; scripts that call for ever new names end there.
constexpr std::size_t most_steps = 10'000;

/// Each may take long, and all of them would leave no place for other calls.
constexpr std::size_t most_at_once = 8;

ordered_json read(const Message& message) {
    const char* text = nullptr;
    if (sd_bus_message_read(message.get(), "s", &text) < 0) return {};
    return ordered_json::parse(text, nullptr, false);
}

Message plan_call(Bus& bus, const std::string& verb, const std::vector<std::string>& services,
                  bool with_dependents) {
    Message call = bus.method(manager_member("Plan"), "s", verb.c_str());
    std::vector<char*> names;
    for (const std::string& service : services) names.push_back(const_cast<char*>(service.c_str()));
    names.push_back(nullptr);
    if (!call || sd_bus_message_append_strv(call.get(), names.data()) < 0 ||
        sd_bus_message_append(call.get(), "b", with_dependents ? 1 : 0) < 0) {
        return {};
    }
    return call;
}

/// Asks comard what the script of a step would do.
Message rehearsal(Bus& bus, const ordered_json& step) {
    const std::string app = step.value("app", "");
    const std::string method = step.value("method", step.value("does", ""));
    return bus.method(manager_member("Rehearse"), "ss", app.c_str(), method.c_str());
}

/// What the scripts of the steps from `first` to before `end` would do; an object with `error`
/// where one cannot be tried.
void rehearse(Session& session, ordered_json& steps, std::size_t first, std::size_t end) {
    std::vector<Message> calls;
    for (std::size_t i = first; i < end; ++i) calls.push_back(rehearsal(session.bus, steps[i]));
    session.bus.call_all(std::move(calls), Patience::job, [&](std::size_t index, Reply reply) {
        steps[first + index]["would"] =
            reply ? read(*reply) : ordered_json{{"error", reason_of(reply.error())}};
    });
}

/// Which services its script starts, by call() or startDependencies().
std::vector<std::string> called_by(const ordered_json& step) {
    std::vector<std::string> apps;
    for (const ordered_json& entry : step["would"].value("entries", ordered_json::array())) {
        const bool is_start = entry.value("does", "") == "call" &&
                              entry.value("model", "") == "System.Service" &&
                              entry.value("method", "") == "start";
        if (is_start) apps.push_back(bus_safe_name(entry.value("app", "")));
    }
    return apps;
}

/// As far as can be told: what only doing it would answer is no failure.
bool succeeds(const ordered_json& would) {
    const ordered_json entries = would.value("entries", ordered_json::array());
    return !would.contains("error") && std::ranges::none_of(entries, [](const ordered_json& entry) {
        return entry.value("does", "") == "error";
    });
}

std::string names_in(const ordered_json& list) {
    std::string text;
    for (const ordered_json& name : list)
        text += (text.empty() ? "" : ", ") + name.get<std::string>();
    return text;
}

void print_step(Output& output, std::size_t number, const ordered_json& step) {
    const std::string reason = step.value("reason", "");
    output.print(fmt::format("{:>3}. {} {}{}", number, step.value("does", ""),
                             escape_line(step.value("app", "")),
                             reason.empty() ? "" : fmt::format(": {}", escape_line(reason))));
    const ordered_json after = step.value("after", ordered_json::array());
    if (!after.empty()) output.print(fmt::format(" (after {})", escape_line(names_in(after))));
    output.print("\n");
    const ordered_json would = step.value("would", ordered_json::object());
    if (would.contains("error")) {
        output.print("       cannot try it: " + escape_line(would.value("error", "")) + "\n");
    }
    for (const ordered_json& entry : would.value("entries", ordered_json::array())) {
        output.print("       " + escape_line(entry.value("text", "")) + "\n");
    }
}

}  // namespace

bool Plans::rehearse_all(ordered_json& steps) const {
    bool all_succeed = true;
    std::set<std::string> known;
    for (const ordered_json& step : steps) known.insert(step.value("app", ""));
    // By number: what a script asks for is added while we go.
    std::size_t tried = 0;
    for (std::size_t i = 0; i < steps.size() && i < most_steps; ++i) {
        if (i == tried) {
            tried = std::min(steps.size(), tried + most_at_once);
            rehearse(session_, steps, i, tried);
        }
        all_succeed = succeeds(steps[i]["would"]) && all_succeed;
        for (const std::string& app : called_by(steps[i])) {
            if (!known.insert(app).second) continue;
            for (ordered_json& step : steps_of_call(app)) {
                const bool is_itself = step.value("app", "") == app;
                if (!is_itself && !known.insert(step.value("app", "")).second) continue;
                if (is_itself) step["reason"] = steps[i].value("app", "") + " asks for it";
                steps.push_back(std::move(step));
            }
        }
    }
    return all_succeed;
}

/// What it takes to start one that a script calls; nothing where that runs, or cannot start.
std::vector<ordered_json> Plans::steps_of_call(const std::string& app) const {
    const Reply reply =
        session_.bus.call(plan_call(session_.bus, "start", {app}, false), Patience::reading);
    if (!reply) return {};
    const ordered_json plan = read(*reply);
    if (!plan.is_object()) return {};
    const ordered_json steps = plan.value("steps", ordered_json::array());
    return {steps.begin(), steps.end()};
}

std::vector<std::string> Plans::order_of_stop(const std::vector<std::string>& services,
                                              bool with_dependents) const {
    std::vector<std::string> order;
    const Reply reply = session_.bus.call(
        plan_call(session_.bus, "stop", services, with_dependents), Patience::reading);
    // What is wrong with it, the stop itself tells.
    if (!reply) return order;
    const ordered_json plan = read(*reply);
    if (!plan.is_object()) return order;
    for (const ordered_json& step : plan.value("steps", ordered_json::array())) {
        order.push_back(step.value("app", ""));
    }
    return order;
}

ExitCode Plans::tell(const std::string& verb, const std::vector<std::string>& services,
                     bool with_dependents, bool as_json, Output& output) const {
    const Reply reply = session_.bus.call(plan_call(session_.bus, verb, services, with_dependents),
                                          Patience::reading);
    if (!reply) {
        report_failure(session_, verb, reply.error());
        return exit_code_of(reply.error());
    }
    ordered_json plan = read(*reply);
    if (!plan.is_object()) {
        complain("cannot read what comard has answered");
        return ExitCode::failed;
    }
    const bool would_succeed = rehearse_all(plan["steps"]);
    const bool is_refused = !plan.value("refused", ordered_json::array()).empty();
    const ExitCode code = is_refused || !would_succeed ? ExitCode::failed : ExitCode::ok;
    if (as_json) {
        print_json(output, plan, JsonLayout::indented);
        return code;
    }
    if (plan["steps"].empty() && !is_refused) output.print("nothing is to be done\n");
    std::size_t number = 0;
    for (const ordered_json& step : plan["steps"]) print_step(output, ++number, step);
    for (const ordered_json& one : plan.value("left_out", ordered_json::array())) {
        note(fmt::format("without {}: {}", one.value("app", ""), one.value("error", "")));
    }
    for (const ordered_json& one : plan.value("refused", ordered_json::array())) {
        complain(fmt::format("{}: {}", one.value("app", ""), one.value("error", "")));
    }
    return code;
}

}  // namespace comar::cli
