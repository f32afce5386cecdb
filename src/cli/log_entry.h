// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <regex.h>

#include "core/log_line.h"
#include "core/result.h"

namespace comar::cli {

/// One line of a log, to be shown.
struct LogEntry {
    WallTime time;  ///< that of the line before where a line has no stamp; 1970: there is none
    Stream stream = Stream::out;
    std::string service;
    std::string text;
};

/// A POSIX extended regular expression, regex(7). Matching takes time in proportion to the text,
/// whatever the expression, as long as it has no back references.
class Pattern {
public:
    /// invalid: the message says what is wrong with it.
    static Result<Pattern> compile(const std::string& expression);
    [[nodiscard]] bool matches(std::string_view text) const;

private:
    struct Free {
        void operator()(regex_t* expression) const {
            ::regfree(expression);
            delete expression;
        }
    };
    std::unique_ptr<regex_t, Free> compiled_;
};

/// Which lines are wanted.
struct LogFilter {
    std::optional<WallTime> since;
    std::optional<Pattern> pattern;

    [[nodiscard]] bool is_too_old(WallTime time) const { return since && time < *since; }
    [[nodiscard]] bool accepts(const LogEntry& entry) const {
        return !is_too_old(entry.time) && (!pattern || pattern->matches(entry.text));
    }
};

/// Makes entries of lines that come in order, oldest first.
class EntryReader {
public:
    explicit EntryReader(std::string service) : service_(std::move(service)) {}
    [[nodiscard]] LogEntry read(std::string_view line);
    [[nodiscard]] WallTime last_time() const { return last_; }

private:
    std::string service_;
    WallTime last_;
};

}  // namespace comar::cli
