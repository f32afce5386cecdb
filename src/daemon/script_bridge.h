// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "bus/model_table.h"
#include "daemon/calls.h"
#include "daemon/invoker.h"
#include "daemon/outputs.h"
#include "daemon/paths.h"
#include "daemon/service_table.h"
#include "daemon/settings.h"
#include "daemon/start_up_states.h"
#include "script/registry.h"

namespace comar {

class Supervisor;

/// Emits signals of a package's object on all buses.
using EmitSignal = std::function<void(const std::string& app, const bus::Model& model,
                                      const bus::Signal& signal, const nlohmann::json& arguments)>;

/// What running scripts get from comard and tell it (docs/protocol.md).
class ScriptBridge : public CallHandler {
public:
    /// All of them outlive the bridge.
    struct Parts {
        const Paths& paths;
        const Settings& settings;
        const bus::ModelTable& models;
        const Registry& registry;
        const StartUpStates& start_up;
        ServiceTable& services;
        Outputs& outputs;
        EmitSignal emit;
        /// The start of a service has asked for that of another.
        std::function<void(const std::string& app, const std::string& other)> asked;
        /// The start() of a service has run from its first line to its last, and asked for these.
        std::function<void(const std::string& app, const std::set<std::string>& others)> asked_only;
    };

    explicit ScriptBridge(Parts parts) : parts_(std::move(parts)) {}
    /// Nested calls go through it; it needs the calls, which need the bridge.
    void set_invoker(Invoker& invoker) { invoker_ = &invoker; }
    void set_supervisor(Supervisor& supervisor) { supervisor_ = &supervisor; }

    /// What workers need whatever they run: the part that all items of a `poll` share.
    [[nodiscard]] nlohmann::json common_message() const;
    /// The part about one script.
    [[nodiscard]] nlohmann::json script_message(const CallRequest& call) const {
        return script_message(call, parts_.start_up.chosen(call.app));
    }
    /// Where the start-up state is known already: looking for many takes long.
    [[nodiscard]] nlohmann::json script_message(const CallRequest& call,
                                                std::optional<StartUp> chosen) const;
    [[nodiscard]] std::map<std::string, StartUp> start_up_states() const {
        return parts_.start_up.all();
    }

    CallReply request_message(const CallRequest& call) override;
    [[nodiscard]] bool is_synchronized(const CallRequest& call) const override;
    void call(const CallRequest& by, CallRequest nested, Answer answer) override;
    void notify(const CallRequest& by, const nlohmann::json& message) override;
    CallReply set_state(const CallRequest& by, const std::string& state) override;
    nlohmann::json owner_of(const ProcessId& process) override;
    void process_started(const CallRequest& by, const nlohmann::json& message) override;
    void follow(const CallRequest& by, const std::string& stream, UniqueFd pipe) override;
    void worker_began(const CallRequest& by, const ProcessId& worker) override;
    void worker_gone(const CallRequest& by, const ProcessId& worker, bool crashed) override;
    void returned(const CallRequest& by) override;
    void left_behind(const CallRequest& by, const std::vector<ProcessId>& left) override;

private:
    [[nodiscard]] Service* service_of(const CallRequest& call) const;
    void add_output(const CallRequest& call, nlohmann::json& message);

    Parts parts_;
    std::map<std::string, std::set<std::string>> asked_;  ///< by the start() that runs
    Invoker* invoker_ = nullptr;
    Supervisor* supervisor_ = nullptr;
};

}  // namespace comar
