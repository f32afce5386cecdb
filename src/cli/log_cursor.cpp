// SPDX-License-Identifier: MIT
#include "cli/log_cursor.h"

#include <queue>
#include <tuple>

namespace comar::cli {

Result<std::optional<WallTime>> time_of_first_line(const LogFile& file) {
    const auto text = text_of(file);
    if (!text) return Failure(text.error());
    std::string begin;
    if (const auto read = (*text)->read(begin); !read) return Failure(read.error());
    const auto line = parse_log_line(std::string_view(begin).substr(0, begin.find('\n')));
    return line ? std::optional(line->time) : std::nullopt;
}

Result<LogCursor> LogCursor::open(std::vector<LogFile> files, const std::string& service,
                                  const LogFilter& filter) {
    LogCursor cursor(service);
    for (LogFile& file : files) {
        if (filter.since) {
            const auto first = time_of_first_line(file);
            if (!first) return Failure(first.error());
            cursor.files_.push_back(std::move(file));
            if (*first && **first < *filter.since) break;
        } else {
            cursor.files_.push_back(std::move(file));
        }
    }
    return cursor;
}

Result<std::optional<LogEntry>> LogCursor::next(const LogFilter& filter) {
    while (true) {
        const auto line = next_line();
        if (!line) return Failure(line.error());
        if (!*line) return std::nullopt;
        LogEntry entry = entries_.read(**line);
        if (filter.accepts(entry)) return entry;
    }
}

/// Without its newline, and good until the next call.
Result<std::optional<std::string_view>> LogCursor::next_line() {
    std::size_t newline = buffer_.find('\n', at_);
    while (newline == std::string::npos) {
        if (files_.empty()) return std::nullopt;
        if (!text_) {
            auto text = text_of(files_.back());
            if (!text) return Failure(text.error());
            text_ = std::move(*text);
        }
        buffer_.erase(0, std::exchange(at_, 0));
        const std::size_t before = buffer_.size();
        const auto more = text_->read(buffer_);
        if (!more) return Failure(more.error());
        if (!*more) {
            text_.reset();
            files_.pop_back();
            // A file that was cut off must not run into the next one.
            if (!buffer_.empty()) buffer_ += '\n';
        }
        newline = buffer_.find('\n', before);
    }
    const std::string_view line = std::string_view(buffer_).substr(at_, newline - at_);
    at_ = newline + 1;
    return line;
}

Result<> merge(std::vector<LogCursor> cursors, const LogFilter& filter,
               const std::function<bool(const LogEntry&)>& take) {
    using Place = std::pair<WallTime, std::size_t>;
    std::vector<LogEntry> entries(cursors.size());
    std::priority_queue<Place, std::vector<Place>, std::greater<>> order;
    const auto advance = [&](std::size_t which) -> Result<> {
        auto entry = cursors[which].next(filter);
        if (!entry) return Failure(entry.error());
        if (!*entry) return {};
        entries[which] = std::move(**entry);
        order.emplace(entries[which].time, which);
        return {};
    };
    for (std::size_t which = 0; which < cursors.size(); ++which) {
        if (auto advanced = advance(which); !advanced) return advanced;
    }
    while (!order.empty()) {
        const std::size_t which = order.top().second;
        order.pop();
        if (!take(entries[which])) return {};
        if (auto advanced = advance(which); !advanced) return advanced;
    }
    return {};
}

}  // namespace comar::cli
