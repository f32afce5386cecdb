// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace comar {

/// Names this run of the machine, or of the container: the kernel's boot id (random(4)) and when
/// process 1 began. Empty: proc(5) at `proc` does not tell.
std::string boot_id(const std::string& proc = "/proc");

}  // namespace comar
