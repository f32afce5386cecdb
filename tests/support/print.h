// SPDX-License-Identifier: MIT
#pragma once

#include <ostream>

#include "core/job.h"
#include "core/startup_state.h"
#include "core/supervision.h"

/// Words instead of bytes where a comparison in a test fails; GoogleTest finds these by their name.
namespace comar {

inline void PrintTo(StartUp state, std::ostream* out) { *out << to_string(state); }
inline void PrintTo(JobKind kind, std::ostream* out) { *out << to_string(kind); }
inline void PrintTo(ServiceState state, std::ostream* out) { *out << to_string(state); }
inline void PrintTo(Ticket ticket, std::ostream* out) {
    *out << '#' << static_cast<std::uint64_t>(ticket);
}

}  // namespace comar
