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

LogCursor::LogCursor(std::vector<LogFile> files, const std::string& service,
                     const LogFilter& filter, UnreadLogs& unread)
    : entries_(service), unread_(&unread) {
    for (LogFile& file : files) {
        if (!filter.since) {
            files_.push_back(std::move(file));
            continue;
        }
        const auto first = time_of_first_line(file);
        if (!first) {
            unread.add(file.path, first.error());
            continue;
        }
        files_.push_back(std::move(file));
        if (*first && **first < *filter.since) break;
    }
}

std::optional<LogEntry> LogCursor::next(const LogFilter& filter) {
    while (true) {
        const auto line = next_line();
        if (!line) return std::nullopt;
        LogEntry entry = entries_.read(*line);
        if (filter.accepts(entry)) return entry;
    }
}

/// Without its newline, and good until the next call.
std::optional<std::string_view> LogCursor::next_line() {
    std::size_t newline = buffer_.find('\n', at_);
    while (newline == std::string::npos) {
        if (files_.empty()) return std::nullopt;
        buffer_.erase(0, std::exchange(at_, 0));
        const std::size_t before = buffer_.size();
        if (!read_on()) {
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

/// False: the file has no more, or none that can be read.
bool LogCursor::read_on() {
    const LogFile& file = files_.back();
    if (!text_) {
        auto text = text_of(file);
        if (!text) {
            unread_->add(file.path, text.error());
            return false;
        }
        text_ = std::move(*text);
    }
    const auto more = text_->read(buffer_);
    if (!more) unread_->add(file.path, more.error());
    return more && *more;
}

void merge(std::vector<LogCursor> cursors, const LogFilter& filter,
           const std::function<bool(const LogEntry&)>& take) {
    using Place = std::pair<WallTime, std::size_t>;
    std::vector<LogEntry> entries(cursors.size());
    std::priority_queue<Place, std::vector<Place>, std::greater<>> order;
    const auto advance = [&](std::size_t which) {
        auto entry = cursors[which].next(filter);
        if (!entry) return;
        entries[which] = std::move(*entry);
        order.emplace(entries[which].time, which);
    };
    for (std::size_t which = 0; which < cursors.size(); ++which) advance(which);
    while (!order.empty()) {
        const std::size_t which = order.top().second;
        order.pop();
        if (!take(entries[which])) return;
        advance(which);
    }
}

}  // namespace comar::cli
