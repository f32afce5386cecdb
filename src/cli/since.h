// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/log_line.h"
#include "core/result.h"

namespace comar::cli {

/// A moment in the past as people write it: "10m" (s, m, h, d, w before `now`), "today",
/// "yesterday", "2026-11-24", "2026-11-24 06:40" or "2026-11-24T06:40:12", in the user's time zone,
/// or with Z at the end in UTC. invalid: it is none of these.
[[nodiscard]] Result<WallTime> parse_since(const std::string& text, WallTime now);

}  // namespace comar::cli
