// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/log_line.h"
#include "output/log_sink.h"

namespace comar {

/// What has been read from a service and is not in its log yet, in memory that outlives comard: a
/// file in /run, mapped. A comard that is killed between read(2) and write(2), or in the middle of
/// one of them, leaves all that the next one needs to do that once, and not twice:
///
///   1. begin() notes whose batch it is, where its lines will be, and how much will be read;
///   2. read(2) writes to data(), so what has left the FIFO is safe;
///   3. its lines are written to the log;
///   4. end().
///
/// Where there is something left over, the next comard cuts the log back to where the lines begin
/// and takes the batch again. comard has one thread, so one batch at a time is all there is.
class Intake {
public:
    static constexpr std::size_t capacity = std::size_t{256} << 10;  ///< bytes of one batch
    static constexpr std::size_t max_name = 256;

    struct Batch {
        std::string app;
        Stream stream = Stream::out;
        FilePlace place;
        std::string rest;  ///< the beginning of the first line, from the batch before
        std::string data;
    };

    /// Maps that file, making it where it is missing. Where that cannot be, the memory is ordinary:
    /// `error()` says why, and a comard that is killed may lose a batch.
    explicit Intake(const std::string& path);
    Intake(const Intake&) = delete;
    Intake& operator=(const Intake&) = delete;
    ~Intake();

    /// What an earlier comard has left.
    [[nodiscard]] std::optional<Batch> left_over() const;

    /// `bytes`, `capacity` at most, will be read to data().
    void begin(std::string_view app, Stream stream, const FilePlace& place, std::string_view rest,
               std::size_t bytes);
    [[nodiscard]] char* data();
    void end();

    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

private:
    struct Memory;

    Memory* memory_ = nullptr;
    std::optional<Error> error_;
};

/// The beginning of a line that waits for its end, in a file that outlives comard.
void save_rest(const std::string& path, std::string_view rest);
[[nodiscard]] std::string load_rest(const std::string& path);

}  // namespace comar
