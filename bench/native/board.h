// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <ctime>

namespace comar::bench {

// The scoreboard: a file that every measured service maps and writes its own start time to, so that
// nobody has to watch closely to be exact. bench/board.py reads it; both must agree on the layout.

/// The first 64 bytes.
struct BoardHead {
    std::atomic<std::uint32_t> starts;  ///< of all services together
    std::uint32_t unused[15];
};

/// 64 bytes a service, so that no two share a cache line.
struct BoardLine {
    std::atomic<std::uint32_t> starts;
    std::uint32_t pid;         ///< of the latest start
    std::uint64_t started_at;  ///< CLOCK_MONOTONIC, nanoseconds; the latest start
    std::uint64_t unused[6];
};

static_assert(sizeof(BoardHead) == 64 && sizeof(BoardLine) == 64);

inline std::uint64_t monotonic_nanoseconds() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace comar::bench
