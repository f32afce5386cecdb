// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

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

/// A message as a log may show it, whoever has made up parts of it: further lines are indented, so
/// that none looks like a message of comard, and control characters are question marks.
[[nodiscard]] std::string harmless(std::string_view message);

/// Sets up logging for the whole program. `level` is trace, debug, info, warning, error or off;
/// any other word is an error.
Result<> set_up_log(LogTarget target, const std::string& level, bool for_machine);

}  // namespace comar
