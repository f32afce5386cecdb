// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include "core/service_facts.h"

namespace comar::test {

/// Facts as a table; what is not in it is down.
struct KnownServices : ServiceFacts {
    [[nodiscard]] Activity activity(const std::string& app) const override {
        const auto found = table.find(app);
        return found == table.end() ? Activity::down : found->second;
    }
    std::map<std::string, Activity> table;
};

}  // namespace comar::test
