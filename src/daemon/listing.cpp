// SPDX-License-Identifier: MIT
#include "daemon/listing.h"

#include <algorithm>
#include <set>
#include <utility>

#include "bus/dict.h"
#include "bus/text.h"
#include "core/name.h"
#include "daemon/boot_record.h"
#include "daemon/outputs.h"
#include "daemon/settings_book.h"
#include "daemon/status_query.h"
#include "daemon/supervisor.h"

namespace comar {
namespace {

using nlohmann::json;

json description_of(const Facts& facts) {
    json texts = bus::empty_dict();
    if (!facts.description) return texts;
    for (const auto& [language, text] : *facts.description) {
        bus::put(texts, bus::to_bus_text(language), bus::to_bus_text(text));
    }
    return texts;
}

json typed(const char* type, json value) { return {{"variant", {type, std::move(value)}}}; }

/// The names alone.
json without_values(const json& variables) {
    json names = json::object();
    for (const auto& [name, value] : variables.items()) names[name] = nullptr;
    return names;
}

/// What the script said of itself stands for what comar cannot tell.
std::string state_of(const Service& service, const std::optional<StatusQuery::Answer>& asked) {
    if (!asked) return std::string(to_string(service.state()));
    if (!asked->running) return "unknown";
    return *asked->running ? "running" : "stopped";
}

}  // namespace

bool Listing::must_ask(const Script& script) const {
    const Service* service = parts_.services.find(script.app);
    // A start that is under way is known, whatever status() says of it so far.
    if (service->state() == ServiceState::starting) return false;
    return !service->running() && script.facts.defines("status");
}

/// A script may compute it, from its settings for example.
bool Listing::must_ask_for_description(const Script& script) const {
    return script.facts_known && !script.facts.description;
}

void Listing::list(const CallRequest& by, const std::string& type, Done done) {
    std::vector<std::string> apps;
    std::vector<std::string> unknown;
    for (std::string& app : parts_.registry.apps_of(service_model)) {
        const Script& script = *parts_.registry.find(service_model, app);
        if (!type.empty() && script.facts.type != type) continue;
        if (must_ask(script) || must_ask_for_description(script)) unknown.push_back(app);
        apps.push_back(std::move(app));
    }
    StatusQuery::ask(
        parts_.calls, parts_.bridge, by, std::move(unknown),
        [this, apps = std::move(apps), language = by.language,
         done = std::move(done)](const StatusQuery::Answers& answers) {
            const auto start_up = parts_.start_up.all();
            json rows = json::array();
            for (const std::string& app : apps) {
                // It may have been removed while others were asked.
                const Script* script = parts_.registry.find(service_model, app);
                if (script == nullptr) continue;
                const auto answer = answers.find(app);
                const auto state = start_up.find(app);
                json asked;
                if (answer != answers.end()) {
                    const auto& running = answer->second.running;
                    asked = {{"running", running ? json(*running) : json()},
                             {"description", answer->second.description}};
                }
                rows.push_back(row(*script, state == start_up.end() ? StartUp::off : state->second,
                                   language, asked));
            }
            done(std::move(rows));
        });
}

json Listing::row(const Script& script, StartUp start_up, const std::string& language,
                  const json& asked) const {
    const Service& service = *parts_.services.find(script.app);
    std::string state(reported_state(start_up, service.running()));
    std::string description =
        script.facts.description ? text_for(*script.facts.description, language) : "";
    if (asked.is_object()) {
        const json& running = asked["running"];
        if (must_ask(script))
            state = running.is_null() ? "unknown" : reported_state(start_up, running.get<bool>());
        if (description.empty()) description = asked["description"].get<std::string>();
    }
    const bool runs = service.running().value_or(false);
    const auto main = runs ? service.main_process() : std::nullopt;
    return json::array({script.app, script.facts.type, state, to_string(start_up),
                        bus::to_bus_text(description), main ? main->pid : 0});
}

void Listing::properties(const CallRequest& by, Done done) {
    const Script& script = *parts_.registry.find(service_model, by.app);
    const Service& known = *parts_.services.find(by.app);
    if (!must_ask(script)) {
        return done(describe(by.app, state_of(known, std::nullopt)));
    }
    StatusQuery::ask(parts_.calls, parts_.bridge, by, {by.app},
                     [this, app = by.app, done = std::move(done)](StatusQuery::Answers answers) {
                         const Service* service = parts_.services.find(app);
                         if (service == nullptr) return done(json());
                         done(describe(app, state_of(*service, answers[app])));
                     });
}

json Listing::known_properties(const std::string& app) const {
    return describe(app, state_of(*parts_.services.find(app), std::nullopt));
}

json Listing::told_properties(const std::string& app) const {
    const Script* script = parts_.registry.find(service_model, app);
    const Service* service = parts_.services.find(app);
    if (script == nullptr || service == nullptr) return {};
    return summary(*script, *service, state_of(*service, std::nullopt));
}

/// What is at hand, without a look at the processes.
json Listing::summary(const Script& script, const Service& service,
                      const std::string& state) const {
    const auto main = service.main_process();
    json properties = bus::empty_dict();
    bus::put(properties, "State", typed("s", state));
    bus::put(properties, "SubState", typed("s", service.sub_state()));
    bus::put(properties, "StartUp", typed("s", to_string(parts_.start_up.get(script.app))));
    bus::put(properties, "Type", typed("s", script.facts.type));
    bus::put(properties, "Description", typed("a{ss}", description_of(script.facts)));
    bus::put(properties, "MainPID", typed("u", main ? main->pid : 0));
    bus::put(properties, "Since", typed("t", service.since()));
    bus::put(properties, "ExitCode", typed("i", service.last_exit().code));
    bus::put(properties, "ExitSignal", typed("i", service.last_exit().signal));
    bus::put(properties, "Restarts", typed("u", service.restarts().count));
    bus::put(properties, "ControlGroup", typed("s", service.processes().cgroup_path()));
    bus::put(properties, "Script", typed("s", script.path));
    bus::put(properties, "LastError", typed("s", bus::to_bus_text(service.last_error())));
    bus::put(properties, "Cause", typed("s", bus::to_bus_text(service.cause())));
    bus::put(properties, "Wanted", typed("b", service.wanted()));
    bus::put(properties, "Health", typed("s", bus::to_bus_text(service.health())));
    bus::put(properties, "StatusText", typed("s", bus::to_bus_text(service.status_text())));
    return properties;
}

json Listing::describe(const std::string& app, const std::string& state) const {
    const Script& script = *parts_.registry.find(service_model, app);
    const Service& service = *parts_.services.find(app);
    const ServiceProcesses& processes = service.processes();
    json pids = json::array();
    for (const ProcessId& id : processes.all()) pids.push_back(id.pid);
    json properties = summary(script, service, state);
    bus::put(properties, "PIDs", typed("au", std::move(pids)));
    bus::put(properties, "MemoryBytes", typed("t", processes.memory_bytes()));
    bus::put(properties, "CPUUsec", typed("t", processes.cpu_time().count()));
    const auto retry = parts_.supervisor.restarter().retry_in(app);
    // 0 says that it does not wait.
    const std::int64_t retry_usec = retry ? std::max<std::int64_t>(retry->count() * 1000, 1) : 0;
    bus::put(properties, "RetryUsec", typed("t", retry_usec));
    const bool runs = service.running().value_or(false) && !service.stamp().empty();
    bus::put(properties, "Edited",
             typed("b", runs && service.stamp() != parts_.book.stamp_of(app)));
    bus::put(properties, "LostLines", typed("t", parts_.outputs.lost_lines(app)));
    bus::put(properties, "Requires", typed("as", parts_.dependencies.starts_of(app)));
    bus::put(properties, "RequiredBy", typed("as", parts_.dependencies.starters_of(app)));
    bus::put(properties, "Lacks",
             typed("as", service.running().value_or(false)
                             ? parts_.supervisor.requirements().lacking(app)
                             : std::vector<std::string>()));
    return properties;
}

/// Every setting: what it is, and who says so; null where nobody does and there is no default.
json Listing::settings(const std::string& app, EnvironmentValues values) const {
    EffectiveSettings effective = parts_.book.settings_of(app);
    if (values == EnvironmentValues::withheld && effective.values.contains("environment")) {
        effective.values["environment"] = without_values(effective.values["environment"]);
    }
    if (!parts_.common.log_target_origin.empty() && !effective.values.contains("log")) {
        effective.values["log"] = to_string(parts_.common.log_target);
        effective.origins["log"] = parts_.common.log_target_origin;
    }
    json rows = json::array();
    for (const auto& [key, default_value] : default_settings()) {
        const auto found = effective.values.find(key);
        const bool is_set = found != effective.values.end();
        // Whole, however long it is: a part of JSON is none.
        rows.push_back(
            json::array({key, to_text(is_set ? *found : default_value),
                         is_set ? bus::to_bus_text(effective.origins.at(key)) : "default"}));
    }
    return rows;
}

}  // namespace comar
