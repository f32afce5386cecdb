// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "core/result.h"

namespace comar {

/// What a pidfile says. A claim: nobody knows who wrote the number, nor whose it is now.
struct PidfileClaim {
    pid_t pid = 0;
    /// Only root and the user we run as can have written it, and put it there: file and folder are
    /// theirs and not writable by others, and the file has no second name.
    bool trusted = false;
    std::chrono::nanoseconds modified{0};  ///< since 1970
};

/// The number in the first line, blanks around it ignored; what follows that line is ignored too
/// (SPEC 2). Empty: no number, 0, negative or too large, or anything else in that line.
[[nodiscard]] std::optional<pid_t> parse_pid(std::string_view text);

/// Never follows a symbolic link at the end of `path`, never blocks, reads at most 4 KiB.
/// not_found: no such file. invalid: it names no number, or is not a regular file. denied: not ours
/// to read, a symbolic link, or its folder is reached through one that somebody else made.
Result<PidfileClaim> read_pidfile(const std::string& path);

/// Only the number, for who does not care who wrote it: faster where no part of `path` is a
/// symbolic link. Errors as read_pidfile().
Result<pid_t> read_pid(const std::string& path);

/// Puts a file with `pid` in the place of whatever has that name, mode 0644, owned by us. A
/// symbolic link at the end of `path` is replaced, not followed. Errors as read_pidfile().
Result<> write_pidfile(const std::string& path, pid_t pid);

}  // namespace comar
