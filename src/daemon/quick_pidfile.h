// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace comar {

/// Whether comard may read a pidfile itself: not on a disk or a network that may hang, for it must
/// not wait. `run`: the folder in memory below our root.
[[nodiscard]] inline bool is_quick(const std::string& pidfile, const std::string& run) {
    return pidfile.starts_with("/run/") || pidfile.starts_with("/var/run/") ||
           pidfile.starts_with(run + "/");
}

}  // namespace comar
