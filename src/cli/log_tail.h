// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/log_entry.h"
#include "cli/log_files.h"

namespace comar::cli {

/// The last `count` lines at most that the filter accepts, oldest first. Reads from the end, and no
/// further than it must.
[[nodiscard]] std::vector<LogEntry> last_entries(const std::vector<LogFile>& files,
                                                 const std::string& service, std::size_t count,
                                                 const LogFilter& filter, UnreadLogs& unread);

}  // namespace comar::cli
