// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "os/unique_fd.h"

namespace comar {

/// The log of one service: `<folder>/<app>.log`, rotated by size to `.log.1`, `.log.2`, … so that
/// what a service prints never takes more than a bounded part of the disk. A disk that is full
/// costs lines, which are counted, and never blocks.
class LogFile {
public:
    struct Limits {
        std::uint64_t bytes = std::uint64_t{10} << 20;  ///< of one file
        int kept = 4;                                   ///< old files
    };

    LogFile(std::string path, Limits limits) : path_(std::move(path)), limits_(limits) {}

    /// Appends whole lines. An error means that they were lost; the next call tries again.
    Result<> append(std::string_view lines);

    /// Bytes that could not be written since the log was opened.
    [[nodiscard]] std::uint64_t lost() const { return lost_; }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    Result<> open();
    void rotate();

    std::string path_;
    Limits limits_;
    UniqueFd fd_;
    std::uint64_t size_ = 0;
    std::uint64_t lost_ = 0;
};

}  // namespace comar
