// SPDX-License-Identifier: MIT
#include "cli/log_tail.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <unistd.h>

#include "cli/log_text.h"

namespace comar::cli {
namespace {

/// The lines of one file, from the last to the first.
class BackwardLines {
public:
    BackwardLines(const LogFile& file, UnreadLogs& unread)
        : path_(file.path), fd_(file.fd.get()), begin_(file.end) {
        if (!file.compressed) return;
        text_ = whole_text_of(file, unread);
        begin_ = 0;
    }

    /// The line before; it is good until the next call. False: there is none.
    Result<bool> previous(std::string_view& line) {
        if (has_returned_) text_.resize(line_begin_);
        has_returned_ = true;
        while (true) {
            // Its own newline is the last byte.
            const std::size_t newline =
                text_.size() < 2 ? std::string::npos : text_.rfind('\n', text_.size() - 2);
            if (newline != std::string::npos || begin_ == 0) {
                line_begin_ = newline == std::string::npos ? 0 : newline + 1;
                line = std::string_view(text_).substr(line_begin_);
                if (line.empty()) return false;
                if (line.ends_with('\n')) line.remove_suffix(1);
                return true;
            }
            if (auto more = read_before(); !more) return Failure(more.error());
        }
    }

private:
    Result<> read_before() {
        constexpr std::uint64_t piece = 65536;
        const auto size = static_cast<std::size_t>(std::min(begin_, piece));
        std::string before(size, '\0');
        const ssize_t count = ::pread(fd_, before.data(), size, static_cast<off_t>(begin_ - size));
        if (count < 0) {
            return failure(ErrorKind::internal,
                           "cannot read all of " + path_ + ": " + std::strerror(errno), errno);
        }
        // Less than there was: comard has cut it off meanwhile.
        before.resize(static_cast<std::size_t>(count));
        begin_ -= size;
        text_.insert(0, before);
        return {};
    }

    std::string path_;
    int fd_;
    std::uint64_t begin_;  ///< where text_ begins in the file
    std::string text_;
    std::size_t line_begin_ = 0;
    bool has_returned_ = false;
};

/// Collects entries, newest first, until it has enough.
class Collector {
public:
    Collector(std::string service, std::size_t count, const LogFilter& filter)
        : service_(std::move(service)), count_(count), filter_(filter) {}

    /// False: no older line is wanted.
    bool take(std::string_view line) {
        const auto parsed = parse_log_line(line);
        if (!parsed) {
            const bool matches = !filter_.pattern || filter_.pattern->matches(line);
            if (matches && without_time_.size() < count_) without_time_.emplace_back(line);
            return true;
        }
        give_time(parsed->time);
        if (filter_.is_too_old(parsed->time)) return false;
        add({parsed->time, parsed->stream, service_, std::string(parsed->text)});
        return entries_.size() < count_;
    }

    std::vector<LogEntry> oldest_first() {
        give_time({});
        std::ranges::reverse(entries_);
        return std::move(entries_);
    }

private:
    /// Lines without a stamp have the time of the one before them.
    void give_time(WallTime time) {
        for (std::string& text : without_time_) {
            add({time, Stream::out, service_, std::move(text)});
        }
        without_time_.clear();
    }

    void add(LogEntry entry) {
        if (entries_.size() < count_ && filter_.accepts(entry))
            entries_.push_back(std::move(entry));
    }

    std::string service_;
    std::size_t count_;
    const LogFilter& filter_;
    std::vector<LogEntry> entries_;
    std::vector<std::string> without_time_;
};

}  // namespace

std::vector<LogEntry> last_entries(const std::vector<LogFile>& files, const std::string& service,
                                   std::size_t count, const LogFilter& filter, UnreadLogs& unread) {
    Collector collector(service, count, filter);
    bool wants_more = count > 0;
    for (auto file = files.begin(); wants_more && file != files.end(); ++file) {
        BackwardLines lines(*file, unread);
        std::string_view line;
        while (wants_more) {
            const auto found = lines.previous(line);
            if (!found) unread.add(file->path, found.error());
            if (!found || !*found) break;
            wants_more = collector.take(line);
        }
    }
    return collector.oldest_first();
}

}  // namespace comar::cli
