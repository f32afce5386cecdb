// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/service_facts.h"
#include "daemon/service_table.h"

namespace comar {

/// What plans ask about the services of comard.
class ServiceActivity : public ServiceFacts {
public:
    /// `services` outlives it.
    explicit ServiceActivity(ServiceTable& services) : services_(services) {}

    [[nodiscard]] Activity activity(const std::string& app) const override {
        const Service* service = services_.find(app);
        if (service == nullptr) return Activity::down;
        switch (service->state()) {
            case ServiceState::running:
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
