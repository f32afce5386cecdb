// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace comar {

/// Whether a service runs, as far as a plan needs to know. Whoever is not sure says `changing`.
enum class Activity {
    down,      ///< there is nothing to stop
    changing,  ///< it starts or stops just now: a plan for either has a step for it
    up,        ///< it runs and is ready: there is nothing to start
};

/// What plans ask about the world; the state table of the daemon answers.
class ServiceFacts {
public:
    virtual ~ServiceFacts() = default;
    [[nodiscard]] virtual Activity activity(const std::string& app) const = 0;
};

}  // namespace comar
