// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>

namespace comar::cli {

/// A moment of the wall clock: time since 1970, as comard tells it.
using Moment = std::chrono::microseconds;

[[nodiscard]] Moment now();

/// "2024-05-01 12:34:56" in the user's time zone.
[[nodiscard]] std::string local_time(Moment moment);

/// "2024-05-01T12:34:56+03:00" in the user's time zone, RFC 3339.
[[nodiscard]] std::string iso_time(Moment moment);

/// "3 min ago", in the largest unit that fits; empty for what lies ahead of `now`.
[[nodiscard]] std::string time_ago(Moment moment, Moment now);

/// A span in its two largest units: "12 ms", "1.2 s", "3 min 5 s", "2 h 0 min", "3 d 4 h".
[[nodiscard]] std::string span_text(std::chrono::microseconds span);

}  // namespace comar::cli
