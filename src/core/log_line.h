// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace comar {

/// A moment of the wall clock.
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

/// Where a line was printed.
enum class Stream : std::uint8_t { out, err };

/// A line of a service's log: "2026-11-24T06:40:12.123456Z out text", in UTC. All that stands
/// before the text is its stamp, which always takes `stamp_size` bytes.
struct LogLine {
    WallTime time;
    Stream stream = Stream::out;
    std::string_view text;
};
inline constexpr std::size_t stamp_size = 32;

/// Reads a line, without its newline. Nothing: it does not begin with a stamp.
[[nodiscard]] std::optional<LogLine> parse_log_line(std::string_view line);

/// Writes stamps. Most of a stamp is that of the one before, so the date is worked out once a
/// second only.
class StampWriter {
public:
    /// Good until the next call.
    std::string_view stamp(WallTime time, Stream stream);

private:
    std::chrono::sys_seconds second_{std::chrono::seconds(-1)};
    std::string text_ = "1970-01-01T00:00:00.000000Z out ";
};

}  // namespace comar
