// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <utility>

#include <systemd/sd-event.h>

namespace comar {

/// Owns one sd_event_source. The loop never calls back for it once it is gone, even when it goes
/// inside its own call-back. Move-only.
class EventSource {
public:
    EventSource() noexcept = default;
    explicit EventSource(sd_event_source* source) noexcept : source_(source) {}
    EventSource(EventSource&& other) noexcept : source_(std::exchange(other.source_, nullptr)) {}
    EventSource& operator=(EventSource&& other) noexcept {
        std::swap(source_, other.source_);
        other.reset();
        return *this;
    }
    ~EventSource() { reset(); }

    void reset() noexcept { sd_event_source_disable_unref(std::exchange(source_, nullptr)); }
    [[nodiscard]] sd_event_source* get() const noexcept { return source_; }
    explicit operator bool() const noexcept { return source_ != nullptr; }

private:
    sd_event_source* source_ = nullptr;
};

/// Owns the state of a class with an EventSource `source`. A call-back that runs may hold the state
/// a little longer; the source ends here at once. Move-only.
template <class State>
class SourceOwner {
public:
    explicit SourceOwner(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
    SourceOwner(SourceOwner&&) noexcept = default;
    SourceOwner& operator=(SourceOwner&& other) noexcept {
        std::swap(state_, other.state_);
        other.reset();
        return *this;
    }
    ~SourceOwner() { reset(); }

    void reset() noexcept {
        if (const auto state = std::exchange(state_, nullptr)) state->source.reset();
    }
    State* operator->() const noexcept { return state_.get(); }

private:
    std::shared_ptr<State> state_;
};

}  // namespace comar
