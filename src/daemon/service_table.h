// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/cgroup_remover.h"
#include "daemon/service.h"
#include "script/registry.h"

namespace comar {

/// The services of the registered scripts.
class ServiceTable {
public:
    /// Both outlive the table. `context.orphans` and `reaps` are set by the table.
    ServiceTable(Service::Context context, const Registry& registry);
    ServiceTable(const ServiceTable&) = delete;
    ServiceTable& operator=(const ServiceTable&) = delete;

    /// Null: no service script of that name is registered.
    Service* find(const std::string& app);

    /// The service that this process belongs to; null: none.
    [[nodiscard]] const Service* owner_of(const ProcessId& process) const;

    /// Takes up what an earlier comard has left in its journal and in cgroups.
    void restore();

    /// Its script is registered no more.
    void forget(const std::string& app);

    /// Children of comard that are never a service's: the script host.
    void set_own_children(std::function<std::vector<ProcessId>()> own) {
        own_children_ = std::move(own);
    }
    /// The script host reaps what workers start as their siblings.
    void set_reaps(ServiceProcesses::Reaps reaps) { reaps_ = std::move(reaps); }

    /// The script host has ended.
    void miss_exits();

    /// Writes all that waits to be written, and removes what is empty.
    void shut_down();
    /// comard ends: see Service::hand_on().
    void hand_on() {
        for (const auto& [app, service] : services_) service->hand_on();
    }

private:
    void restore_one(const std::string& app, const nlohmann::json* state);
    [[nodiscard]] Result<std::vector<ProcessId>> orphans(std::uint64_t since,
                                                         const std::string& app) const;
    /// One look; adds those that had ended by then.
    [[nodiscard]] Result<std::vector<ProcessId>> living_orphans(std::uint64_t since,
                                                                const std::string& app,
                                                                std::set<pid_t>& ended) const;
    /// Whether such a child of comard may be of `app`, as far as others do not have it.
    [[nodiscard]] bool may_be_of(const std::string& app, const ProcessId& child) const;
    [[nodiscard]] bool is_taken(const ProcessId& process, const std::string& app,
                                bool sibling) const;

    Service::Context context_;
    const Registry& registry_;
    CgroupRemover remover_;
    std::unordered_map<std::string, std::unique_ptr<Service>> services_;
    std::function<std::vector<ProcessId>()> own_children_;
    ServiceProcesses::Reaps reaps_;
};

}  // namespace comar
