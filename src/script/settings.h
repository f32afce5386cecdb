// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "core/result.h"
#include "core/service_settings.h"

namespace comar {

/// The settings of one service, and where each comes from. `values` has the keys of
/// comar-script(5) that somebody has set; what is not there has its default.
struct EffectiveSettings {
    nlohmann::json values = nlohmann::json::object();
    std::map<std::string, std::string> origins;  ///< by key: "script, line 7" or a file
    ServiceSettings supervision;                 ///< what comard itself looks at
    bool operator==(const EffectiveSettings& other) const { return values == other.values; }
};

/// Settings as a worker has read and normalized them (docs/protocol.md, `check` and `settings`).
/// They come from a process that has read a file of somebody's: what does not fit is Invalid.
[[nodiscard]] Result<ServiceSettings> parse_service_settings(const nlohmann::json& values);

/// The keys that take effect in the worker and in what it starts.
[[nodiscard]] nlohmann::json settings_for_worker(const nlohmann::json& values);

/// All keys with their defaults, in the order in which `comar show` prints them. Null: not set.
[[nodiscard]] const std::vector<std::pair<std::string, nlohmann::json>>& default_settings();

}  // namespace comar
