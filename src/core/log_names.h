// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace comar {

/// What the name of a file in the log folder says.
struct LogName {
    std::string app;
    std::size_t number = 0;  ///< 0: the current log
    bool compressed = false;
};

/// "web.log", "web.log.1", "web.log.2.zst". Nothing: it is no log of a service.
[[nodiscard]] std::optional<LogName> parse_log_name(std::string_view name);

/// What a compressed log is called until it is whole.
[[nodiscard]] std::string unfinished_name(std::string_view app);
[[nodiscard]] bool is_unfinished_name(std::string_view name);

}  // namespace comar
