// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"

namespace comar {

struct LogLimits {
    std::uint64_t bytes = std::uint64_t{10} << 20;   ///< of a file; it has a batch more at most
    std::chrono::days age{7};                        ///< of the first line of the current file
    std::size_t kept = 4;                            ///< old files of one service
    std::uint64_t total = std::uint64_t{500} << 20;  ///< of all files of all services
};

/// An old log that is not compressed yet; its number may change before it is.
struct PlainLog {
    std::string app;
    std::uint64_t inode = 0;
};

/// The files in the log folder: `<app>.log`, and the older `<app>.log.1`, `.2`, …, with `.zst` at
/// the end when they are compressed. Sees to it that they never take more than a bounded part of
/// the disk: the oldest of all services go first.
class LogFolder {
public:
    LogFolder(std::string path, LogLimits limits) : path_(std::move(path)), limits_(limits) {}

    /// Learns what is there, and puts right what a crash has left half done.
    Result<> load();

    /// Makes the current log of a service the newest of its old ones.
    Result<> rotate(const std::string& app);
    /// Called with each log that becomes an old one.
    void on_rotated(std::function<void(const PlainLog&)> callback);
    [[nodiscard]] std::vector<PlainLog> plain_logs() const;

    /// The current log of a service has that size now.
    void set_size(const std::string& app, std::uint64_t bytes);
    /// The size from which on a current log is to be rotated: so many services may share the total
    /// that each has less than the limit of a file.
    [[nodiscard]] std::uint64_t size_limit() const;

    /// Where an old log is now; empty: it is gone, or compressed.
    [[nodiscard]] std::string path_of(const PlainLog& log) const;
    /// `compressed`, a file in this folder, takes the place of an old log.
    Result<> replace(const PlainLog& log, const std::string& compressed);
    /// A name for a file that is not whole yet. One that a crash leaves is removed by load().
    [[nodiscard]] std::string unfinished_path(const std::string& app) const;

    [[nodiscard]] std::string path_of(const std::string& app) const;
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] const LogLimits& limits() const { return limits_; }
    /// Bytes of all logs.
    [[nodiscard]] std::uint64_t total() const { return total_; }

private:
    struct Old {
        std::uint64_t inode = 0;
        std::uint64_t bytes = 0;
        std::int64_t order = 0;  ///< the higher, the newer
        bool compressed = false;
    };
    struct Logs {
        std::uint64_t current = 0;  ///< bytes
        std::vector<Old> old;       ///< [0] has the number 1
    };
    struct Found;

    [[nodiscard]] std::vector<Found> look() const;
    void close_gaps(const std::string& app, std::map<std::size_t, Old> numbered);
    [[nodiscard]] std::string old_path(const std::string& app, std::size_t number,
                                       bool compressed) const;
    void move_old(const std::string& app, std::size_t from, std::size_t to);
    void remove_last(const std::string& app, Logs& logs);
    void keep_within_total();

    std::string path_;
    LogLimits limits_;
    std::map<std::string, Logs> logs_;
    std::uint64_t total_ = 0;
    std::int64_t newest_ = 0;  ///< the highest order
    std::function<void(const PlainLog&)> rotated_;
};

}  // namespace comar
