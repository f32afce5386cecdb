// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/service_facts.h"
#include "daemon/service_table.h"

namespace comar {

/// What plans ask about the services of comard. One whose start has left no process is up: starting
/// it again would do again what it is for, and its stop() takes that back.
class ServiceActivity : public ServiceFacts {
public:
    /// `services` outlives it.
    explicit ServiceActivity(ServiceTable& services) : services_(services) {}

    [[nodiscard]] Activity activity(const std::string& app) const override {
        const Service* service = services_.find(app);
        if (service == nullptr) return Activity::down;
        switch (service->state()) {
            case ServiceState::running:
            case ServiceState::done:
                return Activity::up;
            case ServiceState::starting:
            case ServiceState::stopping:
                return Activity::changing;
            default:
                return Activity::down;
        }
    }

private:
    ServiceTable& services_;
};

}  // namespace comar
