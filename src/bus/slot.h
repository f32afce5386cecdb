// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <utility>

namespace comar::bus {

/// Something that waits on a connection: a reply, or the signals of a match rule. Destroying it
/// ends the wait, and its call-back is never called again. It may outlive the connection, and be
/// destroyed inside its own call-back. An empty one waits for nothing.
class Slot {
public:
    Slot() noexcept = default;
    /// For Connection: `cancel` ends the wait.
    explicit Slot(std::function<void()> cancel) noexcept : cancel_(std::move(cancel)) {}
    Slot(Slot&& other) noexcept : cancel_(std::exchange(other.cancel_, nullptr)) {}
    Slot& operator=(Slot&& other) noexcept {
        if (this != &other) {
            reset();
            cancel_ = std::exchange(other.cancel_, nullptr);
        }
        return *this;
    }
    ~Slot() { reset(); }

    void reset() noexcept {
        if (auto cancel = std::exchange(cancel_, nullptr)) cancel();
    }
    explicit operator bool() const noexcept { return static_cast<bool>(cancel_); }

private:
    std::function<void()> cancel_;
};

}  // namespace comar::bus
