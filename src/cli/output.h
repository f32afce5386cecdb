// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace comar::cli {

/// The answer, on a file descriptor that stays the caller's. It is kept until flush(), as a whole
/// answer is written at once, and what could not be written is not forgotten.
class Output {
public:
    explicit Output(int fd) noexcept : fd_(fd) {}

    void print(std::string_view text) { waiting_.append(text); }

    /// Writes out what was printed. False: that failed, now or earlier; nothing is tried again.
    bool flush();

    /// The errno of the first write that failed; 0: none did.
    [[nodiscard]] int error() const noexcept { return error_; }

private:
    int fd_;
    int error_ = 0;
    std::string waiting_;
};

/// What went wrong, on standard error; "comar: " stands before it on a terminal. Foreign text in
/// it is escaped here; lines after the first are indented.
void complain(std::string_view message);

/// What to look at next, below a complaint.
void advise(std::string_view advice);

/// News on standard error that are no complaint, with nothing before their lines.
void note(std::string_view message);

}  // namespace comar::cli
