// SPDX-License-Identifier: MIT
#include "daemon/plan_handlers.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "bus/text.h"
#include "core/name.h"
#include "daemon/builtin_interfaces.h"
#include "daemon/invoker.h"
#include "daemon/service_activity.h"

namespace comar {
namespace {

using nlohmann::json;

Transitions::Done replying(const Responder& responder) {
    return [responder](const tl::expected<json, CallError>& record) {
        if (!record) return responder.fail(record.error());
        responder.reply("s", json::array({to_text(*record)}));
    };
}

using WhyWanted = std::function<std::string(const std::string& app)>;

json to_json(const Plan& plan, const WhyWanted& why_wanted) {
    json steps = json::array();
    for (const PlanStep& step : plan.steps) {
        json after = json::array();
        for (const Predecessor& before : step.after) after.push_back(plan.steps[before.step].app);
        const std::string reason = describe_reason(step);
        steps.push_back({{"app", step.app},
                         {"does", step.action == StepAction::start ? "start" : "stop"},
                         {"reason", reason.empty() ? why_wanted(step.app) : reason},
                         {"after", std::move(after)}});
    }
    const auto refusals = [](const std::vector<Plan::Refusal>& list) {
        json all = json::array();
        for (const auto& [app, error] : list) {
            all.push_back({{"app", app}, {"error", error.message}});
        }
        return all;
    };
    return {{"steps", std::move(steps)},
            {"refused", refusals(plan.refused)},
            {"left_out", refusals(plan.left_out)}};
}

/// Whom each virtual name means; null and why, where nobody can tell.
json meanings_in(const DependencyNames& names) {
    json all = json::object();
    for (std::uint32_t i = 0; i < names.size(); ++i) {
        const NameId name{i};
        if (!names.is_virtual(name)) continue;
        const auto app = names.app_of(name);
        all[names.text(name)] = {{"app", app ? json(names.text(*app)) : json()},
                                 {"why", app ? "" : names.lack(name)}};
    }
    return all;
}

std::vector<std::string> apps_in(const json& names) {
    std::vector<std::string> apps;
    for (const json& name : names) apps.push_back(bus_safe_name(name.get<std::string>()));
    return apps;
}

}  // namespace

void PlanHandlers::add_to(Handlers& handlers) {
    const bus::Interface& own = manager_interface();
    handlers.add(own, "Boot", this, &PlanHandlers::boot);
    handlers.add(own, "Switch", this, &PlanHandlers::switch_group);
    handlers.add(own, "Shutdown", this, &PlanHandlers::shut_down);
    handlers.add(own, "StopWithDependents", this, &PlanHandlers::stop_with_dependents);
    handlers.add(own, "Plan", this, &PlanHandlers::plan);
    handlers.add(own, "Rehearse", this, &PlanHandlers::rehearse);
    handlers.add(own, "Graph", this, &PlanHandlers::graph);
    handlers.add(own, "Check", this, &PlanHandlers::check);
    handlers.add(own, "ListBoots", this, &PlanHandlers::list_boots);
    handlers.add(own, "BootRecord", this, &PlanHandlers::boot_record);
}

void PlanHandlers::boot(const IncomingCall& call) {
    parts_.transitions.boot(parts_.transitions.kernel_options(), replying(call.responder));
}

void PlanHandlers::switch_group(const IncomingCall& call) {
    parts_.transitions.switch_to(call.arguments[0].get<std::string>(), replying(call.responder));
}

void PlanHandlers::shut_down(const IncomingCall& call) {
    parts_.transitions.shut_down(replying(call.responder));
}

void PlanHandlers::stop_with_dependents(const IncomingCall& call) {
    CallRequest request = call.caller.request(bus_safe_name(call.arguments[0].get<std::string>()),
                                              service_model, "stop");
    if (parts_.registry.find(service_model, request.app) == nullptr) {
        return call.responder.fail({"Internal", "Unable to find " + request.app});
    }
    request.with_dependents = true;
    parts_.jobs.submit(JobKind::stop, std::move(request),
                       [responder = call.responder](const CallReply& reply) {
                           if (!reply) return responder.fail(reply.error());
                           responder.reply();
                       });
}

void PlanHandlers::plan(const IncomingCall& call) {
    parts_.book.refresh_all([this, call](const SettingsBook::Unusable&) { tell_plan(call); });
}

/// Those of the head start come first, and wait for none of the others.
json PlanHandlers::plan_of_boot() const {
    const auto [plan, first, asked] =
        parts_.transitions.preview_of_boot(parts_.transitions.kernel_options());
    json told = to_json(plan, [this](const std::string& app) {
        const StartUp start_up = parts_.start_up.get(app);
        return start_up == StartUp::off ? "it is listed by name in comard.toml"
                                        : "it is " + std::string(to_string(start_up));
    });
    json early = json::array();
    json others = json::array();
    for (json& step : told["steps"]) {
        const std::string app = step["app"];
        if (step["does"] == "start" && asked.contains(app)) step["method"] = "ready";
        if (!first.contains(app)) {
            others.push_back(std::move(step));
            continue;
        }
        step["reason"] = step["reason"].get<std::string>() + ", with a head start";
        std::erase_if(step["after"].get_ref<json::array_t&>(),
                      [&first](const json& name) { return !first.contains(name); });
        early.push_back(std::move(step));
    }
    for (json& step : others) early.push_back(std::move(step));
    told["steps"] = std::move(early);
    return told;
}

/// As the start itself: nothing starts while everything is stopped, nor where something would have
/// to stop that others need.
Plan PlanHandlers::plan_of_start(const std::vector<std::string>& apps) const {
    if (!parts_.supervisor.is_closed()) {
        return plan_start(parts_.dependencies.graph(), apps, ServiceActivity(parts_.services),
                          StopManner::alone);
    }
    Plan plan;
    for (const std::string& app : apps) {
        plan.refused.push_back({app, {ErrorKind::invalid, Supervisor::closed(app).message}});
    }
    return plan;
}

void PlanHandlers::tell_plan(const IncomingCall& call) {
    const std::string verb = call.arguments[0].get<std::string>();
    const auto apps = apps_in(call.arguments[1]);
    const ServiceActivity activity(parts_.services);
    const DependencyGraph& graph = parts_.dependencies.graph();
    const auto reply = [&](const Plan& plan) {
        const auto asked_for = [](const std::string&) { return "asked for"; };
        call.responder.reply("s", json::array({to_json(plan, asked_for).dump()}));
    };
    if (verb == "boot") {
        return call.responder.reply("s", json::array({plan_of_boot().dump()}));
    }
    if (verb != "start" && verb != "stop") {
        return call.responder.fail(
            {"Invalid", "cannot plan " + verb + ": there are start, stop and boot"});
    }
    // A name that services provide is none to start or stop by.
    for (const std::string& app : apps) {
        if (parts_.registry.find(service_model, app) != nullptr) continue;
        return call.responder.fail({"Internal", "Unable to find " + app});
    }
    if (verb == "start") return reply(plan_of_start(apps));
    const bool takes_dependents = call.arguments[2].get<bool>();
    const auto stops = plan_stop(
        graph, apps, activity, takes_dependents ? StopManner::with_dependents : StopManner::alone);
    if (!stops) return call.responder.fail({"Required", stops.error().message});
    reply(*stops);
}

/// What comard itself does to stop a service whose script has no stop(), Supervisor::stopped; null:
/// that it is up to the script.
json PlanHandlers::stop_without_script(const CallRequest& request) const {
    const Facts* facts = parts_.book.facts_of(request.app);
    const Service* service = parts_.services.find(request.app);
    const bool has_stop = facts == nullptr || facts->defines("stop");
    if (request.method != "stop" || has_stop || service == nullptr) return {};
    const bool may_end = service->settings().supervision.kill_mode != KillMode::none;
    if (!may_end || !service->processes().alive()) return {};
    json pids = json::array();
    for (const ProcessId& id : service->processes().all()) pids.push_back(id.pid);
    json entry{{"does", "signal"},
               {"text", "send SIGTERM to all its processes, as its script has no stop()"},
               {"line", 0},
               {"signal", "SIGTERM"},
               {"pids", std::move(pids)}};
    return {{"entries", json::array({std::move(entry)})}, {"guarantee", "system calls"}};
}

void PlanHandlers::rehearse(const IncomingCall& call) {
    const CallRequest request =
        call.caller.request(bus_safe_name(call.arguments[0].get<std::string>()), service_model,
                            call.arguments[1].get<std::string>());
    if (parts_.registry.find(service_model, request.app) == nullptr) {
        return call.responder.fail({"Internal", "Unable to find " + request.app});
    }
    parts_.book.refresh(request, [this, request, responder = call.responder](CallReply fresh) {
        if (!fresh) return responder.fail(fresh.error());
        const json known = stop_without_script(request);
        if (!known.is_null()) return responder.reply("s", json::array({known.dump()}));
        record(request, responder);
    });
}

/// With all that the method would know, so that it means the same processes.
void PlanHandlers::record(CallRequest request, const Responder& responder) {
    json message = parts_.bridge.common_message();
    message.update(parts_.bridge.script_message(request));
    message["op"] = "record";
    request.method = "record";
    request.ends_with_caller = true;
    const std::string app = request.app;
    parts_.calls.converse(std::move(request), std::move(message), {},
                          [responder, app](const CallReply& reply) {
                              if (!reply) {
                                  spdlog::info("{}: no dry run: {}", app, reply.error().message);
                                  return responder.fail(reply.error());
                              }
                              responder.reply("s", json::array({plain_values(*reply).dump()}));
                          });
}

void PlanHandlers::graph(const IncomingCall& call) {
    parts_.book.refresh_all([this, call](const SettingsBook::Unusable&) { tell_graph(call); });
}

void PlanHandlers::tell_graph(const IncomingCall& call) {
    const DependencyGraph& graph = parts_.dependencies.graph();
    json services = json::object();
    json edges = json::array();
    for (const std::string& app : graph.apps()) {
        const Service* service = parts_.services.find(app);
        const EffectiveSettings set = parts_.book.settings_of(app);
        services[app] = {
            {"state", service == nullptr ? "unknown" : std::string(to_string(service->state()))},
            {"start_up", std::string(to_string(parts_.start_up.get(app)))},
            {"provides", set.values.value("provides", json::array())}};
        for (const Dependency& edge : graph.edges(app)) {
            const auto meant = graph.resolve(edge.to);
            edges.push_back({{"from", edge.from},
                             {"to", edge.to},
                             {"app", meant ? json(*meant) : json()},
                             {"kind", std::string(to_string(edge.kind))},
                             {"origin", edge.origin},
                             {"file", edge.file},
                             {"line", edge.line}});
        }
    }
    const json all{{"services", std::move(services)},
                   {"edges", std::move(edges)},
                   {"names", meanings_in(graph.names())}};
    call.responder.reply("s", json::array({all.dump()}));
}

void PlanHandlers::check(const IncomingCall& call) {
    parts_.book.refresh_all(
        [this, responder = call.responder](const SettingsBook::Unusable& unusable) {
            json findings = json::array();
            for (const auto& [app, error] : unusable) {
                findings.push_back(json::array({app, "error", bus::to_bus_text(error.message)}));
            }
            for (const auto& [name, message] : parts_.book.files_of_nobody()) {
                findings.push_back(
                    json::array({bus::to_bus_text(name), "warning", bus::to_bus_text(message)}));
            }
            for (const auto& [app, is_error, message] : parts_.dependencies.check_all()) {
                findings.push_back(json::array({app, is_error ? "error" : "warning", message}));
            }
            responder.reply("a(sss)", json::array({std::move(findings)}));
        });
}

void PlanHandlers::list_boots(const IncomingCall& call) {
    call.responder.reply("as", json::array({parts_.records.ids()}));
}

void PlanHandlers::boot_record(const IncomingCall& call) {
    const auto text = parts_.records.text(call.arguments[0].get<std::string>());
    if (!text) return call.responder.fail({"Missing", text.error().message});
    call.responder.reply("s", json::array({*text}));
}

}  // namespace comar
