// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace comar::cli {

using Span = std::chrono::microseconds;

/// A service in a boot. Times are since the beginning of the boot; none: never, or not known.
struct ServiceTimes {
    std::string name;
    std::string method;              ///< ready, start or stop
    std::vector<std::string> after;  ///< what it had to wait for
    std::optional<Span> began;       ///< all of that was over
    std::optional<Span> returned;    ///< its script had done its part
    std::optional<Span> ended;       ///< it was ready, or had failed
    std::string fate;                ///< succeeded, failed, skipped, late, waiting or in flight
    std::string error;               ///< empty: none
};

/// What comard has kept of a boot, of a switch to another group, or of a shutdown.
struct BootRecord {
    std::string id;    ///< the moment it began, RFC 3339
    std::string kind;  ///< boot, switch or shutdown
    std::string group;
    Span duration{0};
    Span planning{0};                    ///< of that for finding out in which order
    Span since_kernel{0};                ///< how long the kernel had been running when it began
    std::vector<ServiceTimes> services;  ///< by name
};

/// Reads what BootRecord of comard answers. Times that make no sense are none; nothing in the
/// record ends after `duration`, which grows if need be. invalid: no record, or of another version.
[[nodiscard]] Result<BootRecord> read_boot_record(std::string_view json);

/// Null: it had no part in it.
[[nodiscard]] const ServiceTimes* find_service(const BootRecord& record, std::string_view name);

/// When it was over; what was still in flight at the end of the boot ends with that. None: it was
/// not its turn.
[[nodiscard]] std::optional<Span> end_of(const BootRecord& record, const ServiceTimes& service);

/// How long it took by itself, from when it was its turn. None: it was not.
[[nodiscard]] std::optional<Span> own_time(const BootRecord& record, const ServiceTimes& service);

[[nodiscard]] bool has_failed(const ServiceTimes& service);

/// The services whose turn it was, the longest first.
[[nodiscard]] std::vector<const ServiceTimes*> slowest_first(const BootRecord& record);

/// "0.3 ms", "812 ms", "1.234 s", "2 min 3.456 s": finer than span_text(), as boots are compared.
[[nodiscard]] std::string exact_span(Span span);

}  // namespace comar::cli
