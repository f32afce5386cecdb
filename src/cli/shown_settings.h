// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "cli/bus.h"

namespace comar::cli {

/// One row of what Show of comard answers.
struct ShownSetting {
    std::string key;
    std::string value;  ///< JSON
    std::string origin;
};

/// All settings of a service.
[[nodiscard]] tl::expected<std::vector<ShownSetting>, CallFailure> ask_settings(
    Bus& bus, const std::string& service);

}  // namespace comar::cli
