// SPDX-License-Identifier: MIT
#include "daemon/script_bridge.h"

#include <utility>

#include <spdlog/spdlog.h>

#include "bus/value.h"
#include "core/name.h"
#include "daemon/supervisor.h"

namespace comar {
namespace {

using nlohmann::json;

constexpr const char* interface_base = "tr.org.pardus.comar";
/// More than any service has; a script gone wild must not make every request huge.
constexpr std::size_t max_processes_told = 1000;

std::string text_of(const json& message, const char* key) {
    const auto found = message.find(key);
    return found != message.end() && found->is_string() ? found->get<std::string>() : "";
}

/// A script's call() gets the result itself where there is one, and a list of several.
json single_result(json results) {
    if (results.empty()) return {};
    return results.size() == 1 ? results[0] : results;
}

json processes_of(const Service& service) {
    json list = json::array();
    if (!service.processes().cgroup_path().empty()) return list;
    for (const ProcessId& id : service.processes().all()) {
        if (list.size() >= max_processes_told) break;
        list.push_back({id.pid, id.start_time});
    }
    return list;
}

json optional_bool(std::optional<bool> value) { return value ? json(*value) : json(); }

}  // namespace

json ScriptBridge::common_message() const {
    const Paths& paths = parts_.paths;
    return {{"paths",
             {{"root", paths.root},
              {"conf", paths.conf},
              {"data", paths.data},
              {"models", paths.models},
              {"lock", paths.lock},
              {"profile_env", paths.profile_env}}},
            {"interface", interface_base},
            {"output_limit", parts_.settings.output_bytes}};
}

json ScriptBridge::script_message(const CallRequest& call, std::optional<StartUp> chosen) const {
    json message{{"app", call.app},    {"model", call.model}, {"method", call.method},
                 {"service", nullptr}, {"cgroup", nullptr},   {"join_cgroup", false},
                 {"output", nullptr}};
    if (const Script* script = parts_.registry.find(call.model, call.app)) {
        message["script"] = script->path;
    }
    const Service* service = service_of(call);
    if (service == nullptr) return message;
    message["service"] = {{"startup", to_string(chosen.value_or(StartUp::off))},
                          {"chosen", chosen.has_value()},
                          {"running", optional_bool(service->running())},
                          {"processes", processes_of(*service)},
                          {"tracked", service->tracked()}};
    const std::string cgroup = service->processes().cgroup_path();
    if (!cgroup.empty()) message["cgroup"] = cgroup;
    message["join_cgroup"] = !cgroup.empty() && !only_reads(call);
    return message;
}

CallReply ScriptBridge::request_message(const CallRequest& call) {
    if (parts_.registry.find(call.model, call.app) == nullptr) {
        return error_reply("Internal", "Unable to find " + call.app + " of model " + call.model);
    }
    if (Service* service = service_of(call); service != nullptr && !only_reads(call)) {
        service->prepare();
    }
    json message = common_message();
    message.update(script_message(call));
    message["op"] = "run";
    message["args"] = call.arguments;
    message["language"] = call.language;
    message["sender"] = call.sender;
    const auto limit = only_reads(call) ? parts_.settings.read_limit : parts_.settings.change_limit;
    message["seconds"] = limit.count();
    if (call.internal) message["internal"] = true;
    add_output(call, message);
    if (service_of(call) != nullptr) supervisor_->add_to(call, message);
    return message;
}

/// What a script prints goes to the log of its service.
void ScriptBridge::add_output(const CallRequest& call, json& message) {
    if (service_of(call) == nullptr) return;
    const auto streams = parts_.outputs.open(call.app);
    if (streams) {
        message["output"] = {streams->out, streams->err};
    } else {
        spdlog::warn("{}: {}, going on without its output", call.app, streams.error().message);
    }
}

bool ScriptBridge::is_synchronized(const CallRequest& call) const {
    const Script* script = parts_.registry.find(call.model, call.app);
    return script != nullptr && script->facts.locks(call.method);
}

void ScriptBridge::call(const CallRequest& by, CallRequest nested, Answer answer) {
    nested.app = bus_safe_name(nested.app);
    const bool is_dependency = by.model == service_model && nested.model == service_model &&
                               nested.method == "start" && nested.app != by.app &&
                               (by.method == "start" || by.method == "ready");
    if (is_dependency && parts_.registry.find(service_model, nested.app) != nullptr) {
        parts_.asked(by.app, nested.app);
        if (const auto run = asked_.find(by.app); run != asked_.end()) {
            run->second.insert(nested.app);
        }
    }
    invoker_->invoke(std::move(nested), [answer = std::move(answer)](CallReply reply) {
        answer(std::move(reply).map(single_result));
    });
}

void ScriptBridge::notify(const CallRequest& by, const json& message) {
    const std::string model_name = text_of(message, "model");
    const std::string signal_name = text_of(message, "signal");
    const json arguments = message.value("args", json::array());
    const bus::Model* model = parts_.models.find(model_name);
    const bus::Signal* signal = model == nullptr ? nullptr : model->find_signal(signal_name);
    if (signal == nullptr) {
        spdlog::warn("{}: cannot emit {}.{}: no model has this signal", by.app, model_name,
                     signal_name);
        return;
    }
    if (auto fit = bus::fits(signal->signature(), arguments, {signal_name}); !fit) {
        spdlog::warn("{}: {}", by.app, fit.error().message);
        return;
    }
    Service* service = service_of(by);
    const bool is_own =
        service != nullptr && model_name == service_model && signal_name == "Changed";
    const std::string state = is_own ? arguments[1].get<std::string>() : "";
    // It runs, but is not ready; comar says it then.
    if (state == "started" && supervisor_->holds_back(by.app)) return;
    parts_.emit(by.app, *model, *signal, arguments);
    if (!is_own) return;
    if (state == "started" || state == "stopped") service->script_announced(state == "started");
}

CallReply ScriptBridge::set_state(const CallRequest& by, const std::string& state) {
    const auto parsed = parse_start_up(state);
    if (!parsed) {
        return error_reply("Invalid", "cannot set the state of " + by.app + " to '" + state +
                                          "': it must be on, off or conditional");
    }
    if (auto set = parts_.start_up.set(by.app, *parsed); !set) {
        return error_reply("Internal", set.error().message);
    }
    if (Service* service = service_of(by)) service->told_elsewhere();
    const bus::Model* model = parts_.models.find(service_model);
    const bus::Signal* changed = model == nullptr ? nullptr : model->find_signal("Changed");
    if (changed != nullptr) parts_.emit(by.app, *model, *changed, {by.app, state});
    return json();
}

json ScriptBridge::owner_of(const ProcessId& process) {
    const Service* owner = parts_.services.owner_of(process);
    return owner == nullptr ? json() : json(owner->app());
}

void ScriptBridge::process_started(const CallRequest& by, const json& message) {
    Service* service = service_of(by);
    if (service == nullptr) return;
    const auto parent = message.find("parent");
    service->process_started(
        {message.value("pid", pid_t{0}), message.value("start_time", std::uint64_t{0})},
        parent != message.end() && parent->is_number_integer() ? parent->get<pid_t>() : 0);
}

void ScriptBridge::follow(const CallRequest& by, const std::string& stream, UniqueFd pipe) {
    if (auto following = parts_.outputs.follow(by.app, stream, std::move(pipe)); !following) {
        spdlog::warn("{}: {}", by.app, following.error().message);
    }
}

void ScriptBridge::worker_began(const CallRequest& by, const ProcessId& worker) {
    Service* service = service_of(by);
    if (service == nullptr) return;
    service->worker_began(worker, !only_reads(by));
    // Of a service that runs, start() may leave out nearly everything.
    const bool is_whole = by.method == "start" && !service->running().value_or(false);
    if (is_whole) asked_[by.app].clear();
}

/// A ready() of its own may ask for others, whom start() alone leaves out.
void ScriptBridge::returned(const CallRequest& by) {
    const Script* script = parts_.registry.find(by.model, by.app);
    if (service_of(by) == nullptr || by.method != "start" || script == nullptr) return;
    const auto run = asked_.extract(by.app);
    if (!run.empty() && !script->facts.defines("ready")) {
        parts_.asked_only(by.app, run.mapped());
    }
}

void ScriptBridge::worker_gone(const CallRequest& by, const ProcessId& worker, bool crashed) {
    if (by.model == service_model && by.method == "start") asked_.erase(by.app);
    if (Service* service = service_of(by)) service->worker_gone(worker, crashed);
}

void ScriptBridge::left_behind(const CallRequest& by, const std::vector<ProcessId>& left) {
    if (Service* service = service_of(by)) service->left_behind(left);
}

/// Only calls of a service script belong to a service: postInstall of the same package does not.
Service* ScriptBridge::service_of(const CallRequest& call) const {
    return call.model == service_model ? parts_.services.find(call.app) : nullptr;
}

}  // namespace comar
