// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include <pybind11/pybind11.h>

#include "native/errors.h"
#include "os/process.h"

namespace comar::native {

/// How long may still be waited.
class TimeLeft {
public:
    /// Empty: without limit.
    explicit TimeLeft(std::optional<double> seconds) {
        if (!seconds) return;
        // Not a number and negative ones are 0; more than ten years is for ever.
        const double limit = std::min(*seconds > 0 ? *seconds : 0.0, 3.2e8);
        end_ = Clock::now() +
               std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(limit));
    }

    /// Negative: without limit.
    [[nodiscard]] std::chrono::milliseconds milliseconds() const {
        if (!end_) return std::chrono::milliseconds(-1);
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*end_ - Clock::now());
        return std::max(left, std::chrono::milliseconds(0));
    }

    [[nodiscard]] bool is_over() const { return end_ && Clock::now() >= *end_; }

private:
    using Clock = std::chrono::steady_clock;
    std::optional<Clock::time_point> end_;
};

/// Waits without the interpreter's lock until the process behind `pidfd` has exited, and lets
/// Python handle signals meanwhile. False: it still runs.
inline bool wait_for_exit(int pidfd, std::optional<double> seconds) {
    const TimeLeft left(seconds);
    while (true) {
        const auto exited = [&] {
            const pybind11::gil_scoped_release others_run;
            return wait_exited(pidfd, left.milliseconds());
        }();
        if (!exited && exited.error().os_error != EINTR) raise(exited.error());
        if (exited && *exited) return true;
        if (PyErr_CheckSignals() != 0) throw pybind11::error_already_set();
        if (left.is_over()) return false;
    }
}

}  // namespace comar::native
