// SPDX-License-Identifier: MIT
#include "loop/child_watch.h"

#include <algorithm>
#include <csignal>
#include <deque>
#include <unordered_map>
#include <utility>

#include "loop/loop_state.h"
#include "os/proc_scan.h"
#include "os/system_error.h"

namespace comar {

namespace {

constexpr std::size_t max_unclaimed = 256;

}  // namespace

struct ChildWatch::State : std::enable_shared_from_this<State> {
    struct Origin {
        std::uint64_t start_time = 0;
        std::string group;
    };

    struct Unclaimed {
        ReapedChild child;
        Origin origin;
    };

    State(Loop::State& loop_state, Callback on_others, GroupOf find_group)
        : loop(loop_state), others(std::move(on_others)), group_of(std::move(find_group)) {}

    void reap();
    void tell(const ReapedChild& child, Origin origin);

    Loop::State& loop;
    Callback others;
    std::unordered_map<pid_t, Callback> callbacks;
    GroupOf group_of;
    std::deque<Unclaimed> unclaimed;
    EventSource source;
    EventSource first;  ///< reaps once without a signal
};

void ChildWatch::State::reap() {
    const auto kept = shared_from_this();
    std::unordered_map<pid_t, Origin> origins;
    const auto look = [&](pid_t pid) {
        if (callbacks.contains(pid) || !group_of) return;
        const auto stat = read_stat(pid);
        origins[pid] = {stat ? stat->id.start_time : 0, group_of(pid)};
    };
    for (const ReapedChild& child : reap_children(look)) {
        if (!source) return;  // a call-back has destroyed the watch
        const auto origin = origins.extract(child.pid);
        loop.guarded([&] { tell(child, origin ? origin.mapped() : Origin()); });
    }
}

void ChildWatch::State::tell(const ReapedChild& child, Origin origin) {
    if (const auto own = callbacks.extract(child.pid)) {
        own.mapped()(child);
        return;
    }
    unclaimed.push_back({child, std::move(origin)});
    if (unclaimed.size() > max_unclaimed) unclaimed.pop_front();
    if (others) others(child);
}

ChildWatch::ChildWatch(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
ChildWatch::ChildWatch(ChildWatch&&) noexcept = default;
ChildWatch& ChildWatch::operator=(ChildWatch&&) noexcept = default;
ChildWatch::~ChildWatch() = default;

Result<ChildWatch> ChildWatch::create(Loop& loop, Callback others, GroupOf group_of) {
    if (auto blocked = block_signal(SIGCHLD); !blocked) return Failure(blocked.error());
    auto state = std::make_shared<State>(loop.state(), std::move(others), std::move(group_of));
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

void ChildWatch::tell(const ReapedChild& child) { state_->tell(child, {}); }

std::optional<ExitStatus> ChildWatch::take_unclaimed(pid_t pid) {
    auto& all = state_->unclaimed;
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.child.pid == pid; });
    if (found == all.end()) return std::nullopt;
    const ExitStatus status = found->child.status;
    all.erase(found);
    return status;
}

std::vector<ExitStatus> ChildWatch::take_unclaimed_of(const std::string& group,
                                                      std::uint64_t since) {
    std::vector<ExitStatus> taken;
    std::erase_if(state_->unclaimed, [&](const auto& one) {
        const auto& [start_time, its_group] = one.origin;
        const bool is_of_group = its_group == group || its_group.starts_with(group + "/");
        if (!is_of_group || start_time < since) return false;
        taken.push_back(one.child.status);
        return true;
    });
    return taken;
}

void ChildWatch::forget(pid_t pid) { state_->callbacks.erase(pid); }

}  // namespace comar
