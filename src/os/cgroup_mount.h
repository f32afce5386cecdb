// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <sys/types.h>

#include "core/result.h"

namespace comar {

/// Where cgroups v2 are mounted so that ours is seen.
struct CgroupMount {
    std::string root;   ///< which part of the hierarchy it shows
    std::string point;  ///< where

    /// unavailable: none is mounted, or our cgroup lies outside of what is. `proc` is where proc(5)
    /// is mounted.
    static Result<CgroupMount> find(const std::string& proc = "/proc");

    /// The folder of the cgroup that a process is in, or was in as long as it is not reaped. Empty:
    /// that is not known.
    [[nodiscard]] std::string folder_of(pid_t pid, const std::string& proc = "/proc") const;
};

/// The folder of the cgroup v2 that this process is in, "/sys/fs/cgroup/…", also where v2 is the
/// `unified` part of a hybrid layout. unavailable: none is mounted, or our cgroup lies outside of
/// what is. `proc` is where proc(5) is mounted.
Result<std::string> own_cgroup_folder(const std::string& proc = "/proc");

}  // namespace comar
