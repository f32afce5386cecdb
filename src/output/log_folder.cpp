// SPDX-License-Identifier: MIT
#include "output/log_folder.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <sys/stat.h>

#include <unistd.h>

#include "core/log_names.h"
#include "os/system_error.h"

namespace comar {

void LogFolder::on_rotated(std::function<void(const PlainLog&)> callback) {
    rotated_ = std::move(callback);
}

std::string LogFolder::path_of(const std::string& app) const { return path_ + "/" + app + ".log"; }

std::string LogFolder::unfinished_path(const std::string& app) const {
    return path_ + "/" + unfinished_name(app);
}

std::string LogFolder::old_path(const std::string& app, std::size_t number, bool compressed) const {
    return path_of(app) + "." + std::to_string(number) + (compressed ? ".zst" : "");
}

std::uint64_t LogFolder::size_limit() const {
    return std::min<std::uint64_t>(limits_.bytes,
                                   limits_.total / std::max<std::size_t>(1, logs_.size()));
}

void LogFolder::set_size(const std::string& app, std::uint64_t bytes) {
    Logs& logs = logs_[app];
    total_ = total_ - logs.current + bytes;
    logs.current = bytes;
    keep_within_total();
}

/// The oldest is renamed first, so a crash in between leaves a gap and no file is overwritten.
Result<> LogFolder::rotate(const std::string& app) {
    Logs& logs = logs_[app];
    while (logs.old.size() >= std::max<std::size_t>(1, limits_.kept)) remove_last(app, logs);
    for (std::size_t number = logs.old.size(); number > 0; --number)
        move_old(app, number, number + 1);
    const std::string newest = old_path(app, 1, false);
    if (::rename(path_of(app).c_str(), newest.c_str()) != 0) {
        const int error = errno;
        for (std::size_t number = 1; number <= logs.old.size(); ++number) {
            move_old(app, number + 1, number);
        }
        return system_failure("rotate " + path_of(app), error);
    }
    struct stat info{};
    (void)::stat(newest.c_str(), &info);
    logs.old.insert(logs.old.begin(), Old{info.st_ino, logs.current, ++newest_, false});
    logs.current = 0;
    if (limits_.kept == 0) {
        remove_last(app, logs);
    } else if (rotated_) {
        rotated_({app, info.st_ino});
    }
    return {};
}

/// One that somebody else has removed is a gap in the series, nothing more.
void LogFolder::move_old(const std::string& app, std::size_t from, std::size_t to) {
    const bool compressed = logs_[app].old[std::min(from, to) - 1].compressed;
    (void)::rename(old_path(app, from, compressed).c_str(), old_path(app, to, compressed).c_str());
}

std::vector<PlainLog> LogFolder::plain_logs() const {
    std::vector<PlainLog> plain;
    for (const auto& [app, logs] : logs_) {
        for (const Old& old : logs.old) {
            if (!old.compressed) plain.push_back({app, old.inode});
        }
    }
    return plain;
}

std::string LogFolder::path_of(const PlainLog& log) const {
    const auto logs = logs_.find(log.app);
    if (logs == logs_.end()) return {};
    const auto& old = logs->second.old;
    const auto found = std::ranges::find_if(
        old, [&](const Old& one) { return one.inode == log.inode && !one.compressed; });
    if (found == old.end()) return {};
    return old_path(log.app, static_cast<std::size_t>(found - old.begin()) + 1, false);
}

/// Both files are there for a moment. Whoever reads the folder prefers the compressed one.
Result<> LogFolder::replace(const PlainLog& log, const std::string& compressed) {
    const std::string plain = path_of(log);
    struct stat info{};
    if (plain.empty() || ::stat(compressed.c_str(), &info) != 0) {
        (void)::unlink(compressed.c_str());
        return {};
    }
    if (::rename(compressed.c_str(), (plain + ".zst").c_str()) != 0) {
        const int error = errno;
        (void)::unlink(compressed.c_str());
        return system_failure("replace " + plain, error);
    }
    (void)::unlink(plain.c_str());
    auto& old = logs_[log.app].old;
    const auto found =
        std::ranges::find_if(old, [&](const Old& one) { return one.inode == log.inode; });
    const auto bytes = static_cast<std::uint64_t>(info.st_size);
    total_ = total_ - found->bytes + bytes;
    *found = {info.st_ino, bytes, found->order, true};
    return {};
}

void LogFolder::remove_last(const std::string& app, Logs& logs) {
    const Old& last = logs.old.back();
    (void)::unlink(old_path(app, logs.old.size(), last.compressed).c_str());
    total_ -= last.bytes;
    logs.old.pop_back();
}

void LogFolder::keep_within_total() {
    while (total_ > limits_.total) {
        auto oldest = logs_.end();
        for (auto each = logs_.begin(); each != logs_.end(); ++each) {
            if (each->second.old.empty()) continue;
            if (oldest == logs_.end() ||
                each->second.old.back().order < oldest->second.old.back().order) {
                oldest = each;
            }
        }
        if (oldest == logs_.end()) return;
        remove_last(oldest->first, oldest->second);
    }
}

}  // namespace comar
