// SPDX-License-Identifier: MIT
#include "loop/io_watch.h"

#include <utility>

#include "loop/loop_state.h"
#include "os/system_error.h"

namespace comar {

struct IoWatch::State : std::enable_shared_from_this<State> {
    State(Loop::State& loop_state, Callback on_events)
        : loop(loop_state), callback(std::move(on_events)) {}

    Loop::State& loop;
    Callback callback;
    EventSource source;
};

IoWatch::IoWatch(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
IoWatch::IoWatch(IoWatch&&) noexcept = default;
IoWatch& IoWatch::operator=(IoWatch&&) noexcept = default;
IoWatch::~IoWatch() = default;

Result<IoWatch> IoWatch::create(Loop& loop, int fd, std::uint32_t events, Callback callback) {
    auto state = std::make_shared<State>(loop.state(), std::move(callback));
    const auto on_events = [](sd_event_source*, int, std::uint32_t revents,
                              void* userdata) noexcept {
        const auto kept = static_cast<State*>(userdata)->shared_from_this();
        kept->loop.guarded([&] { kept->callback(revents); });
        return 0;
    };
    sd_event_source* source = nullptr;
    const int result = sd_event_add_io(loop.event(), &source, fd, events, on_events, state.get());
    if (result < 0) return system_failure("watch a file descriptor", -result);
    state->source = EventSource(source);
    return IoWatch(std::move(state));
}

void IoWatch::set_events(std::uint32_t events) noexcept {
    sd_event_source_set_io_events(state_->source.get(), events);
}

void IoWatch::enable() noexcept { sd_event_source_set_enabled(state_->source.get(), SD_EVENT_ON); }

void IoWatch::disable() noexcept {
    sd_event_source_set_enabled(state_->source.get(), SD_EVENT_OFF);
}

int IoWatch::fd() const noexcept { return sd_event_source_get_io_fd(state_->source.get()); }

}  // namespace comar
