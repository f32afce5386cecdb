// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/boot_record.h"
#include "cli/terminal.h"

namespace comar::cli {

/// What made a service end as late as it did: the service, of those it had to wait for the one
/// that ended last, and so on. An empty name means the service that ended last of all. Empty where
/// there is no such service, or it was never its turn.
[[nodiscard]] std::vector<const ServiceTimes*> critical_chain(const BootRecord& record,
                                                              std::string_view name);

/// Of those that it had to wait for, the one that ended last; null: none had its turn.
[[nodiscard]] const ServiceTimes* last_waited_for(const BootRecord& record,
                                                  const ServiceTimes& service);

/// The chain as a tree: when each began (@) and how long it took (+).
[[nodiscard]] std::string chain_text(const BootRecord& record,
                                     const std::vector<const ServiceTimes*>& chain,
                                     const OutputStyle& style);

}  // namespace comar::cli
