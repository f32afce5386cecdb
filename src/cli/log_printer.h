// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "cli/log_entry.h"
#include "cli/output.h"

namespace comar::cli {

struct LogStyle {
    bool json = false;
    bool colored = false;
    std::size_t name_width = 0;  ///< of the column with the service; 0: it has none
};

/// Prints lines of logs, for people or as JSON.
class LogPrinter {
public:
    LogPrinter(Output& output, LogStyle style) : output_(output), style_(style) {}

    /// False: it could not be written.
    bool print(const LogEntry& entry);

private:
    void print_as_json(const LogEntry& entry);
    void print_for_people(const LogEntry& entry);
    std::string local_time(WallTime time);

    Output& output_;
    LogStyle style_;
    std::size_t printed_ = 0;
    StampWriter stamps_;
    std::chrono::sys_seconds second_{std::chrono::seconds(-1)};
    std::string time_;  ///< of that second
};

}  // namespace comar::cli
