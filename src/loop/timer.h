// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>

#include "loop/event_source.h"
#include "loop/loop.h"

namespace comar {

/// Calls back once at a moment of CLOCK_MONOTONIC, never before it and within a millisecond after
/// it unless the loop is busy. Disarmed it costs nothing. May be armed, disarmed and destroyed
/// inside its own call-back.
class Timer {
public:
    /// Disarmed.
    Timer(Loop& loop, std::function<void()> callback);
    Timer(Timer&&) noexcept;
    Timer& operator=(Timer&&) noexcept;
    ~Timer();

    /// Replaces an earlier moment. One that has passed fires in the next iteration.
    void arm(TimePoint at) noexcept;
    void arm(std::chrono::nanoseconds after) noexcept;
    void disarm() noexcept;
    [[nodiscard]] bool armed() const noexcept;

private:
    struct State;
    SourceOwner<State> state_;
};

}  // namespace comar
