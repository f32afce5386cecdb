// SPDX-License-Identifier: MIT
#include "loop/loop.h"

#include <csignal>
#include <string>
#include <utility>

#include "loop/loop_state.h"
#include "os/system_error.h"

namespace comar {
namespace {

int run_deferred(sd_event_source*, void* userdata) noexcept {
    auto& loop = *static_cast<Loop::State*>(userdata);
    for (const auto& callback : std::exchange(loop.deferred, {})) loop.guarded(callback);
    return 0;
}

int run_signal(sd_event_source*, const signalfd_siginfo*, void* userdata) noexcept {
    auto& loop = static_cast<Loop::State::Signal*>(userdata)->loop;
    // A copy, since the call-back may replace itself.
    const auto callback = static_cast<Loop::State::Signal*>(userdata)->callback;
    loop.guarded(callback);
    return 0;
}

/// The first timer of a loop needs a file descriptor; made now, no later timer can lack it.
Result<> prepare_timers(sd_event* event) {
    sd_event_source* source = nullptr;
    const int result =
        sd_event_add_time(event, &source, CLOCK_MONOTONIC, UINT64_MAX, 1, nullptr, nullptr);
    sd_event_source_disable_unref(source);
    if (result < 0) return system_failure("prepare timers", -result);
    return {};
}

}  // namespace

Loop::State::~State() {
    signals.clear();
    changes.reset();
    defer_source.reset();
    sd_event_unref(event);
}

void Loop::State::fail(std::string_view reason) {
    if (!error) error = Error{ErrorKind::internal, std::string("cannot go on: ").append(reason), 0};
    quitting = true;
}

Result<> block_signal(int signo) {
    sigset_t set;
    sigemptyset(&set);
    if (sigaddset(&set, signo) < 0) return system_failure("block signal " + std::to_string(signo));
    if (const int result = pthread_sigmask(SIG_BLOCK, &set, nullptr); result != 0)
        return system_failure("block signal " + std::to_string(signo), result);
    return {};
}

Result<Loop> Loop::create() {
    sd_event* event = nullptr;
    if (const int result = sd_event_new(&event); result < 0)
        return system_failure("create an event loop", -result);
    auto state = std::make_unique<State>(event);
    if (auto prepared = prepare_timers(event); !prepared) return Failure(prepared.error());
    sd_event_source* source = nullptr;
    if (const int result = sd_event_add_defer(event, &source, run_deferred, state.get());
        result < 0)
        return system_failure("create an event loop", -result);
    state->defer_source = EventSource(source);
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    return Loop(std::move(state));
}

Loop::Loop(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Loop::Loop(Loop&&) noexcept = default;
Loop& Loop::operator=(Loop&&) noexcept = default;
Loop::~Loop() = default;

Result<int> Loop::run() {
    state_->running = true;
    state_->quitting = false;
    state_->code = 0;
    while (!state_->quitting) {
        const int result = sd_event_run(state_->event, UINT64_MAX);
        if (result < 0) {
            state_->running = false;
            return system_failure("run the event loop", -result);
        }
    }
    state_->running = false;
    if (auto error = std::exchange(state_->error, std::nullopt)) return Failure(std::move(*error));
    return state_->code;
}

void Loop::quit(int code) noexcept {
    if (!state_->running) return;
    state_->code = code;
    state_->quitting = true;
}

TimePoint Loop::now() const noexcept { return std::chrono::steady_clock::now(); }

std::uint64_t Loop::iteration() const noexcept {
    std::uint64_t count = 0;
    sd_event_get_iteration(state_->event, &count);
    return count;
}

void Loop::defer(std::function<void()> callback) {
    state_->deferred.push_back(std::move(callback));
    sd_event_source_set_enabled(state_->defer_source.get(), SD_EVENT_ONESHOT);
}

void Loop::drop_deferred() {
    // What is dropped may defer something in turn.
    while (!state_->deferred.empty()) std::exchange(state_->deferred, {}).clear();
}

Result<> Loop::on_signal(int signo, std::function<void()> callback) {
    if (const auto known = state_->signals.find(signo); known != state_->signals.end()) {
        known->second->callback = std::move(callback);
        return {};
    }
    if (auto blocked = block_signal(signo); !blocked) return blocked;
    auto signal = std::make_shared<State::Signal>(*state_, std::move(callback), EventSource());
    sd_event_source* source = nullptr;
    const int result = sd_event_add_signal(state_->event, &source, signo, run_signal, signal.get());
    if (result < 0) return system_failure("watch signal " + std::to_string(signo), -result);
    signal->source = EventSource(source);
    state_->signals.emplace(signo, std::move(signal));
    return {};
}

sd_event* Loop::event() const noexcept { return state_->event; }

void Loop::guarded(const std::function<void()>& callback) const noexcept {
    state_->guarded(callback);
}

}  // namespace comar
