// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <string_view>

namespace comar::cli {

/// How far a boot or the like is, on standard error: on a terminal one line that changes, with
/// what is in flight and for how long; elsewhere a line now and then that stays.
class ProgressLine {
public:
    /// `quiet`: shows nothing.
    explicit ProgressLine(bool quiet);

    /// `progress`: as comard tells it, docs/dbus.md.
    void show(std::string_view progress);
    /// Takes the line away.
    void end();

private:
    bool quiet_;
    bool on_terminal_;
    std::size_t width_;
    bool is_shown_ = false;
    std::size_t told_ = 0;  ///< how many were over when a line was written last
    std::chrono::steady_clock::time_point told_at_ = std::chrono::steady_clock::now();
};

/// "boot: 12 of 40, 1 failed; db 1.2 s, web 0.3 s and 3 more". Empty: nothing goes on.
[[nodiscard]] std::string describe_progress(std::string_view progress);

}  // namespace comar::cli
