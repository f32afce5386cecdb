// SPDX-License-Identifier: MIT
#include "loop/timer.h"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "loop/loop_state.h"

namespace comar {

struct Timer::State : std::enable_shared_from_this<State> {
    State(Loop::State& loop_state, std::function<void()> on_time)
        : loop(loop_state), callback(std::move(on_time)) {}

    Loop::State& loop;
    std::function<void()> callback;
    EventSource source;
};

namespace {

using std::chrono::microseconds;

/// sd-event may wait this much longer to join several wake-ups in one.
constexpr std::uint64_t accuracy_usec = 1000;

/// Rounded up: a timer that fires early finds its deadline not yet reached.
std::uint64_t to_usec(TimePoint at) {
    const auto usec = std::chrono::ceil<microseconds>(at.time_since_epoch()).count();
    return static_cast<std::uint64_t>(std::max<microseconds::rep>(usec, 0));
}

}  // namespace

Timer::Timer(Loop& loop, std::function<void()> callback)
    : state_(std::make_shared<State>(loop.state(), std::move(callback))) {
    const auto on_time = [](sd_event_source*, std::uint64_t, void* userdata) noexcept {
        const auto state = static_cast<State*>(userdata)->shared_from_this();
        state->loop.guarded(state->callback);
        return 0;
    };
    sd_event_source* source = nullptr;
    if (sd_event_add_time(loop.event(), &source, CLOCK_MONOTONIC, UINT64_MAX, accuracy_usec,
                          on_time, state_.operator->()) < 0)
        throw std::bad_alloc();  // all else that it could lack, the loop has made sure of
    state_->source = EventSource(source);
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

Timer::Timer(Timer&&) noexcept = default;
Timer& Timer::operator=(Timer&&) noexcept = default;
Timer::~Timer() = default;

void Timer::arm(TimePoint at) noexcept {
    sd_event_source_set_time(state_->source.get(), to_usec(at));
    sd_event_source_set_enabled(state_->source.get(), SD_EVENT_ONESHOT);
}

void Timer::arm(std::chrono::nanoseconds after) noexcept {
    const auto now = std::chrono::steady_clock::now();
    arm(after < TimePoint::max() - now ? now + after : TimePoint::max());
}

void Timer::disarm() noexcept { sd_event_source_set_enabled(state_->source.get(), SD_EVENT_OFF); }

bool Timer::armed() const noexcept {
    return sd_event_source_get_enabled(state_->source.get(), nullptr) > 0;
}

}  // namespace comar
