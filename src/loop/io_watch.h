// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "loop/event_source.h"
#include "loop/loop.h"

namespace comar {

/// Calls back while a file descriptor is readable, writable or broken (level-triggered, epoll(7)).
/// Does not own the descriptor, which must stay open as long as the watch lives. May be disabled
/// and destroyed inside its own call-back.
///
/// The exit of a process that is not a child is seen by watching its pidfd for EPOLLIN.
class IoWatch {
public:
    /// Gets the events that are there: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR…
    using Callback = std::function<void(std::uint32_t events)>;

    /// Enabled. `events`: EPOLLIN, EPOLLOUT or both; EPOLLHUP and EPOLLERR are always reported.
    /// denied (os_error EPERM): a descriptor that epoll cannot watch, such as that of a file.
    static Result<IoWatch> create(Loop& loop, int fd, std::uint32_t events, Callback callback);

    IoWatch(IoWatch&&) noexcept;
    IoWatch& operator=(IoWatch&&) noexcept;
    ~IoWatch();

    void set_events(std::uint32_t events) noexcept;
    void enable() noexcept;
    /// No call-backs, not even for EPOLLHUP, until enable().
    void disable() noexcept;
    [[nodiscard]] int fd() const noexcept;

private:
    struct State;
    explicit IoWatch(std::shared_ptr<State> state) noexcept;

    SourceOwner<State> state_;
};

}  // namespace comar
