// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bus/model_table.h"
#include "core/plan.h"
#include "daemon/boot_record.h"
#include "daemon/calls.h"
#include "daemon/dependency_book.h"
#include "daemon/handlers.h"
#include "daemon/jobs.h"
#include "daemon/script_bridge.h"
#include "daemon/service_table.h"
#include "daemon/settings_book.h"
#include "daemon/start_up_states.h"
#include "daemon/supervisor.h"
#include "daemon/transitions.h"
#include "script/registry.h"

namespace comar {

/// Those methods of tr.org.pardus.comar.Manager that are about many services: boot and shutdown,
/// plans, the graph (docs/dbus.md).
class PlanHandlers {
public:
    /// All of them outlive the handlers.
    struct Parts {
        const Registry& registry;
        const StartUpStates& start_up;
        ServiceTable& services;
        DependencyBook& dependencies;
        Transitions& transitions;
        const BootRecords& records;
        Jobs& jobs;
        Calls& calls;
        const ScriptBridge& bridge;
        SettingsBook& book;
        const Supervisor& supervisor;
    };

    explicit PlanHandlers(Parts parts) : parts_(parts) {}

    void add_to(Handlers& handlers);

private:
    void boot(const IncomingCall& call);
    void switch_group(const IncomingCall& call);
    void shut_down(const IncomingCall& call);
    void stop_with_dependents(const IncomingCall& call);
    void plan(const IncomingCall& call);
    void tell_plan(const IncomingCall& call);
    [[nodiscard]] nlohmann::json plan_of_boot() const;
    [[nodiscard]] nlohmann::json stop_without_script(const CallRequest& request) const;
    [[nodiscard]] Plan plan_of_start(const std::vector<std::string>& apps) const;
    void record(CallRequest request, const Responder& responder);
    void tell_graph(const IncomingCall& call);
    void rehearse(const IncomingCall& call);
    void graph(const IncomingCall& call);
    void check(const IncomingCall& call);
    void list_boots(const IncomingCall& call);
    void boot_record(const IncomingCall& call);

    Parts parts_;
};

}  // namespace comar
