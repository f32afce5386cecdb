// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/result.h"
#include "loop/loop.h"

namespace comar {

struct ChangeGroup;

/// Calls back when a file descriptor has news (edge-triggered, epoll(7)), for those of which there
/// are many, that rarely have any, and then many at once: all of a loop are one source, so the end
/// of a hundred services is one wake-up and not a hundred. Does not own the descriptor, which must
/// stay open as long as the watch lives. May be destroyed inside a call-back.
class ChangeWatch {
public:
    using Callback = std::function<void()>;

    /// `events`: EPOLLPRI and the like. What had happened before is not told, unless it can still
    /// be seen.
    static Result<ChangeWatch> create(Loop& loop, int fd, std::uint32_t events, Callback callback);

    ChangeWatch(ChangeWatch&& other) noexcept;
    ChangeWatch& operator=(ChangeWatch&& other) noexcept;
    ~ChangeWatch();

private:
    ChangeWatch(std::shared_ptr<ChangeGroup> group, std::uint64_t number, int fd) noexcept;

    std::shared_ptr<ChangeGroup> group_;
    std::uint64_t number_ = 0;
    int fd_ = -1;
};

}  // namespace comar
