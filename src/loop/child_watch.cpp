// SPDX-License-Identifier: MIT
#include "loop/child_watch.h"

#include <algorithm>
#include <csignal>
#include <deque>
#include <unordered_map>
#include <utility>

#include "loop/loop_state.h"
#include "os/system_error.h"

namespace comar {

namespace {

constexpr std::size_t max_unclaimed = 256;

}  // namespace

struct ChildWatch::State : std::enable_shared_from_this<State> {
    State(Loop::State& loop_state, Callback on_others)
        : loop(loop_state), others(std::move(on_others)) {}

    void reap();
    void tell(const ReapedChild& child);

    Loop::State& loop;
    Callback others;
    std::unordered_map<pid_t, Callback> callbacks;
    std::deque<ReapedChild> unclaimed;
    EventSource source;
    EventSource first;  ///< reaps once without a signal
};

void ChildWatch::State::reap() {
    const auto kept = shared_from_this();
    for (const ReapedChild& child : reap_children()) {
        if (!source) return;  // a call-back has destroyed the watch
        loop.guarded([&] { tell(child); });
    }
}

void ChildWatch::State::tell(const ReapedChild& child) {
    if (const auto own = callbacks.extract(child.pid)) {
        own.mapped()(child);
        return;
    }
    unclaimed.push_back(child);
    if (unclaimed.size() > max_unclaimed) unclaimed.pop_front();
    if (others) others(child);
}

ChildWatch::ChildWatch(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
ChildWatch::ChildWatch(ChildWatch&&) noexcept = default;
ChildWatch& ChildWatch::operator=(ChildWatch&&) noexcept = default;
ChildWatch::~ChildWatch() = default;

Result<ChildWatch> ChildWatch::create(Loop& loop, Callback others) {
    if (auto blocked = block_signal(SIGCHLD); !blocked) return Failure(blocked.error());
    auto state = std::make_shared<State>(loop.state(), std::move(others));
    const auto on_signal = [](sd_event_source*, const signalfd_siginfo*, void* userdata) noexcept {
        static_cast<State*>(userdata)->reap();
        return 0;
    };
    const auto at_first = [](sd_event_source*, void* userdata) noexcept {
        static_cast<State*>(userdata)->reap();
        return 0;
    };
    sd_event_source* source = nullptr;
    int result = sd_event_add_signal(loop.event(), &source, SIGCHLD, on_signal, state.get());
    if (result < 0) return system_failure("watch children", -result);
    state->source = EventSource(source);
    result = sd_event_add_defer(loop.event(), &source, at_first, state.get());
    if (result < 0) return system_failure("watch children", -result);
    state->first = EventSource(source);
    return ChildWatch(std::move(state));
}

void ChildWatch::on_exit(pid_t pid, Callback callback) {
    state_->callbacks.insert_or_assign(pid, std::move(callback));
}

void ChildWatch::tell(const ReapedChild& child) { state_->tell(child); }

std::optional<ExitStatus> ChildWatch::take_unclaimed(pid_t pid) {
    auto& all = state_->unclaimed;
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const ReapedChild& child) { return child.pid == pid; });
    if (found == all.end()) return std::nullopt;
    const ExitStatus status = found->status;
    all.erase(found);
    return status;
}

void ChildWatch::forget(pid_t pid) { state_->callbacks.erase(pid); }

}  // namespace comar
