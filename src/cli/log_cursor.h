// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/log_entry.h"
#include "cli/log_files.h"
#include "cli/log_text.h"

namespace comar::cli {

/// The lines of a service's log, oldest first, of all of its files.
class LogCursor {
public:
    /// `files`: newest first. Older ones than those that the filter's time needs are not read.
    /// `unread` outlives the cursor.
    LogCursor(std::vector<LogFile> files, const std::string& service, const LogFilter& filter,
              UnreadLogs& unread);

    /// The next line that the filter accepts; nothing: there is none.
    std::optional<LogEntry> next(const LogFilter& filter);

private:
    std::optional<std::string_view> next_line();
    bool read_on();

    std::vector<LogFile> files_;  ///< the last one is read now
    std::unique_ptr<LogText> text_;
    std::string buffer_;
    std::size_t at_ = 0;
    EntryReader entries_;
    UnreadLogs* unread_;
};

/// The time of a file's first line; nothing: it has none that tells.
[[nodiscard]] Result<std::optional<WallTime>> time_of_first_line(const LogFile& file);

/// Gives the lines of all logs to `take` in the order of their times, as long as it returns true.
void merge(std::vector<LogCursor> cursors, const LogFilter& filter,
           const std::function<bool(const LogEntry&)>& take);

}  // namespace comar::cli
