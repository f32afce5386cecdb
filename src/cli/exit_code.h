// SPDX-License-Identifier: MIT
#pragma once

namespace comar::cli {

/// What comar ends with: the codes that LSB gives the actions of init scripts. `status` reads two
/// of the numbers in its own way. comar(1) has this table for users.
enum class ExitCode : int {
    ok = 0,              ///< done, or it was so already; status: running
    failed = 1,          ///< tried and failed; comard cannot be reached; output cannot be written
    bad_usage = 2,       ///< the command line makes no sense
    unimplemented = 3,   ///< the script does not define that method
    not_authorized = 4,  ///< the caller may not do this
    not_installed = 5,   ///< no such service is registered
    not_running = 7,     ///< it failed because the service is not running

    status_not_running = 3,
    status_unknown = 4,  ///< also: no such service, comard cannot be reached
};

/// One code for several services: theirs when those that failed agree, else `failed`.
[[nodiscard]] constexpr ExitCode combined(ExitCode sum, ExitCode next) {
    if (sum == ExitCode::ok || sum == next) return next;
    return next == ExitCode::ok ? sum : ExitCode::failed;
}

/// One code for the status of several services: the worst.
[[nodiscard]] constexpr ExitCode worse(ExitCode one, ExitCode other) {
    return static_cast<int>(one) > static_cast<int>(other) ? one : other;
}

}  // namespace comar::cli
