// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "daemon/handlers.h"
#include "daemon/jobs.h"
#include "daemon/listing.h"
#include "daemon/registrar.h"
#include "daemon/settings_book.h"
#include "daemon/supervisor.h"
#include "script/registry.h"

namespace comar {

/// The interface tr.org.pardus.comar.Manager, on `/`: what the classical interface lacks
/// (docs/dbus.md).
class ManagerHandlers {
public:
    /// All of them outlive the handlers.
    struct Parts {
        const Registry& registry;
        Registrar& registrar;
        Jobs& jobs;
        Listing& listing;
        Supervisor& supervisor;
        SettingsBook& book;
        /// Reads the folder of the models anew; returns what is wrong with them.
        std::function<std::vector<std::string>()> reload_models;
        /// Whether another comard could take our place.
        std::function<Result<>()> can_reexec;
        /// Executes comard anew; calls back before that.
        std::function<void(std::function<void()> accepted)> reexec;
    };

    explicit ManagerHandlers(Parts parts) : parts_(std::move(parts)) {}

    void add_to(Handlers& handlers);

private:
    void register_script(const IncomingCall& call);
    void restart(const IncomingCall& call);
    void reset(const IncomingCall& call);
    void show(const IncomingCall& call);
    void list_services(const IncomingCall& call);
    void reload_models(const IncomingCall& call);
    void reexec(const IncomingCall& call);

    Parts parts_;
};

}  // namespace comar
