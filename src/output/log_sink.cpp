// SPDX-License-Identifier: MIT
#include "output/log_sink.h"

#include <algorithm>

#include <fmt/format.h>

#include "os/system_error.h"

namespace comar {

Result<> LogSink::write(std::string_view lines, WallTime now) {
    auto written = report_losses(now);
    if (written) {
        written = put(lines);
    } else {
        lose(lines);
    }
    if (!written) {
        const Error& error = written.error();
        reason_ = error.os_error == 0 ? error.message : describe(error.os_error);
    }
    return written;
}

void LogSink::lose(std::string_view lines) {
    lost_.bytes += lines.size();
    lost_.lines += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
}

/// A line that stands where the lost ones would.
Result<> LogSink::report_losses(WallTime now) {
    if (lost_.lines == reported_.lines || has_waiting()) return {};
    const LostLines before = lost_;
    const auto put_it = put(fmt::format(
        "{}comard: {} bytes ({} lines) were lost: {}\n", StampWriter().stamp(now, Stream::err),
        lost_.bytes - reported_.bytes, lost_.lines - reported_.lines, reason_));
    lost_ = before;  // the report itself is nothing that the service has printed
    if (put_it) reported_ = lost_;
    return put_it;
}

}  // namespace comar
