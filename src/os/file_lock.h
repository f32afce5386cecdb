// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <sys/types.h>

#include "core/result.h"
#include "os/unique_fd.h"

namespace comar {

/// Holds a file locked, flock(2), from try_lock() to its end or that of the process, however it
/// ends. The file stays: removing it would let two holders in. It names the holder's pid.
class FileLock {
public:
    /// Never waits. The file is made when it is not there (mode 0600); a symbolic link is refused.
    /// busy: "cannot lock PATH: process 123 holds it".
    static Result<FileLock> try_lock(const std::string& path);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    FileLock(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

    std::string path_;
    UniqueFd fd_;
};

/// The pid that the lock file names. For people: it is not checked that it still holds the lock.
std::optional<pid_t> lock_holder(const std::string& path);

}  // namespace comar
