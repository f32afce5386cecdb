// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <systemd/sd-event.h>

#include "core/result.h"

namespace comar {

/// A moment of CLOCK_MONOTONIC, which is what steady_clock is on Linux.
using TimePoint = std::chrono::steady_clock::time_point;

/// The event loop of one thread: sd-event(3) behind RAII. Everything that waits in comard waits
/// here. Timers, io watches and the like refer to the Loop, so it outlives them all.
///
/// Call-backs are not expected to throw. One that does ends run() with an Error, but for
/// std::bad_alloc, which ends the program.
class Loop {
public:
    static Result<Loop> create();

    Loop(Loop&&) noexcept;
    Loop& operator=(Loop&&) noexcept;
    ~Loop();

    /// Runs until quit(); the value is its code.
    Result<int> run();
    /// Ends run() after the current call-back. Without effect while nothing runs.
    void quit(int code) noexcept;

    /// The time now; not that of the beginning of the iteration.
    [[nodiscard]] TimePoint now() const noexcept;

    /// Calls `callback` once, in the next iteration, in the order of the calls.
    void defer(std::function<void()> callback);

    /// How often the loop has begun to call back, sd_event_get_iteration(3). Stays the same while
    /// it does not run.
    [[nodiscard]] std::uint64_t iteration() const noexcept;

    /// Drops what waits to be called. Before those parts end that a loop outlives and that
    /// call-backs refer to.
    void drop_deferred();

    /// Blocks `signo` in this thread and calls `callback` in the loop each time that it came; those
    /// that came together count as one. A second call-back for a signal replaces the first.
    Result<> on_signal(int signo, std::function<void()> callback);

    /// Calls `callback` as the loop does: what it throws becomes the error of run(). For the edge
    /// of other C libraries.
    void guarded(const std::function<void()>& callback) const noexcept;

    /// For the other classes of this folder.
    [[nodiscard]] sd_event* event() const noexcept;
    struct State;
    [[nodiscard]] State& state() const noexcept { return *state_; }

private:
    explicit Loop(std::unique_ptr<State> state) noexcept;

    std::unique_ptr<State> state_;
};

}  // namespace comar
