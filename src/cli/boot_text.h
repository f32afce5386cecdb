// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/boot_diff.h"
#include "cli/boot_record.h"
#include "cli/terminal.h"

namespace comar::cli {

/// What `comar analyze` tells people of a boot, and the same as JSON, see comar(1).

/// How long all took, the slowest services, and what failed.
[[nodiscard]] std::string time_text(const BootRecord& record, const OutputStyle& style);
[[nodiscard]] nlohmann::ordered_json time_json(const BootRecord& record);

/// Services by the time that they took by themselves.
[[nodiscard]] std::string blame_text(const BootRecord& record, const OutputStyle& style);

/// An array of services, as they are in a blame or in a critical chain.
[[nodiscard]] nlohmann::ordered_json services_json(
    const BootRecord& record, const std::vector<const ServiceTimes*>& services);

/// Boots, oldest first, with the number that means each: 0 is the last, -1 the one before.
[[nodiscard]] std::string boots_text(const std::vector<BootRecord>& records,
                                     const OutputStyle& style);
[[nodiscard]] nlohmann::ordered_json boots_json(const std::vector<BootRecord>& records);

[[nodiscard]] nlohmann::ordered_json diff_json(const BootRecord& before, const BootRecord& after);

}  // namespace comar::cli
