// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>

namespace comar {

/// Microseconds since 1970 (UTC): for people, and for what outlives a process. It may jump.
inline std::uint64_t wall_clock() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

}  // namespace comar
