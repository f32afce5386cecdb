// SPDX-License-Identifier: MIT
#include "loop/change_watch.h"

#include <array>
#include <unordered_map>
#include <utility>

#include <sys/epoll.h>

#include "loop/loop_state.h"
#include "os/system_error.h"
#include "os/unique_fd.h"

namespace comar {
namespace {

/// Then others have their turn.
constexpr std::size_t most_at_once = 64;

}  // namespace

struct ChangeGroup {
    explicit ChangeGroup(Loop::State& loop_state) : loop(loop_state) {}

    static Result<std::shared_ptr<ChangeGroup>> create(Loop::State& state);
    void dispatch();

    Loop::State& loop;
    UniqueFd epoll;
    std::uint64_t last_number = 0;
    std::unordered_map<std::uint64_t, std::shared_ptr<ChangeWatch::Callback>> callbacks;
    EventSource source;
};

Result<std::shared_ptr<ChangeGroup>> ChangeGroup::create(Loop::State& state) {
    auto group = std::make_shared<ChangeGroup>(state);
    group->epoll = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
    if (!group->epoll) return system_failure("watch file descriptors");
    const auto on_events = [](sd_event_source*, int, std::uint32_t, void* userdata) noexcept {
        static_cast<ChangeGroup*>(userdata)->dispatch();
        return 0;
    };
    sd_event_source* source = nullptr;
    const int result =
        sd_event_add_io(state.event, &source, group->epoll.get(), EPOLLIN, on_events, group.get());
    if (result < 0) return system_failure("watch file descriptors", -result);
    group->source = EventSource(source);
    return group;
}

void ChangeGroup::dispatch() {
    std::array<epoll_event, most_at_once> events{};
    const int count = ::epoll_wait(epoll.get(), events.data(), most_at_once, 0);
    for (int i = 0; i < count; ++i) {
        // A call-back may have ended the watch of another.
        const auto found = callbacks.find(events.at(static_cast<std::size_t>(i)).data.u64);
        if (found == callbacks.end()) continue;
        const auto callback = found->second;
        loop.guarded(*callback);
    }
}

Result<ChangeWatch> ChangeWatch::create(Loop& loop, int fd, std::uint32_t events,
                                        Callback callback) {
    std::shared_ptr<ChangeGroup>& group = loop.state().changes;
    if (!group) {
        auto made = ChangeGroup::create(loop.state());
        if (!made) return Failure(std::move(made.error()));
        group = std::move(*made);
    }
    const std::uint64_t number = ++group->last_number;
    epoll_event wanted{};
    wanted.events = events | EPOLLET;
    wanted.data.u64 = number;
    if (::epoll_ctl(group->epoll.get(), EPOLL_CTL_ADD, fd, &wanted) != 0) {
        return system_failure("watch a file descriptor");
    }
    group->callbacks.emplace(number, std::make_shared<Callback>(std::move(callback)));
    return ChangeWatch(group, number, fd);
}

ChangeWatch::ChangeWatch(std::shared_ptr<ChangeGroup> group, std::uint64_t number, int fd) noexcept
    : group_(std::move(group)), number_(number), fd_(fd) {}

ChangeWatch::ChangeWatch(ChangeWatch&& other) noexcept = default;

ChangeWatch& ChangeWatch::operator=(ChangeWatch&& other) noexcept {
    std::swap(group_, other.group_);
    std::swap(number_, other.number_);
    std::swap(fd_, other.fd_);
    return *this;
}

ChangeWatch::~ChangeWatch() {
    if (!group_) return;
    (void)::epoll_ctl(group_->epoll.get(), EPOLL_CTL_DEL, fd_, nullptr);
    group_->callbacks.erase(number_);
}

}  // namespace comar
