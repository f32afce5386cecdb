// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/result.h"

namespace comar {

/// The folder of the cgroup v2 that this process is in, "/sys/fs/cgroup/…", also where v2 is the
/// `unified` part of a hybrid layout. unavailable: none is mounted, or our cgroup lies outside of
/// what is. `proc` is where proc(5) is mounted.
Result<std::string> own_cgroup_folder(const std::string& proc = "/proc");

}  // namespace comar
