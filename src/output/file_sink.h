// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "os/unique_fd.h"
#include "output/log_folder.h"
#include "output/log_sink.h"

namespace comar {

/// The log of one service as a file, `<folder>/<app>.log`. A disk that is full costs whole lines,
/// never a part of one.
class FileSink : public LogSink {
public:
    FileSink(LogFolder& folder, std::string app)
        : folder_(folder), app_(std::move(app)), path_(folder.path_of(app_)) {}

    /// Rotates where the file has become too large or too old. Between two writes, so that no batch
    /// of lines is ever in two files.
    FilePlace prepare(WallTime now) override;
    [[nodiscard]] std::string name() const override { return path_; }

protected:
    Result<> put(std::string_view lines) override;

private:
    Result<> open();
    [[nodiscard]] bool is_due(WallTime now) const;
    [[nodiscard]] bool is_removed() const;
    std::size_t write_all(std::string_view lines);

    LogFolder& folder_;
    std::string app_;
    std::string path_;
    UniqueFd fd_;
    std::uint64_t inode_ = 0;
    std::uint64_t size_ = 0;
    std::optional<WallTime> first_;  ///< when the first line of the file was printed
};

/// Takes back what was written to the current log of a service after that place. Nothing happens
/// where the place is not in that file.
void take_back(const std::string& path, const FilePlace& place);

}  // namespace comar
