// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/result.h"

namespace comar {

/// Where comard's own messages go.
enum class LogTarget {
    automatic,  ///< journal if stderr leads there, stderr and syslog for a machine's comard that
                ///< nobody watches on a terminal, else stderr
    standard_error,
    journal,  ///< stderr with the priorities that journald understands, sd-daemon(3)
    syslog,
};

/// Sets up logging for the whole program. `level` is trace, debug, info, warning, error or off;
/// any other word is an error.
Result<> set_up_log(LogTarget target, const std::string& level, bool for_machine);

}  // namespace comar
