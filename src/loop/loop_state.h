// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <vector>

#include <systemd/sd-event.h>

#include "core/result.h"
#include "loop/event_source.h"
#include "loop/loop.h"

namespace comar {

struct ChangeGroup;

/// What a Loop consists of. For the files of loop/ alone.
struct Loop::State {
    struct Signal {
        State& loop;
        std::function<void()> callback;
        EventSource source;
    };

    explicit State(sd_event* loop_event) noexcept : event(loop_event) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State();

    /// The edge between C and C++: nothing that `callback` throws goes further.
    template <class Callback>
    void guarded(const Callback& callback) noexcept {
        try {
            callback();
        } catch (const std::bad_alloc&) {
            std::terminate();
        } catch (const std::exception& exception) {
            fail(exception.what());
        } catch (...) {
            fail("unknown exception");
        }
    }

    void fail(std::string_view reason);

    sd_event* event;
    bool running = false;
    bool quitting = false;
    int code = 0;
    std::optional<Error> error;
    std::vector<std::function<void()>> deferred;
    EventSource defer_source;
    std::map<int, std::shared_ptr<Signal>> signals;
    std::shared_ptr<ChangeGroup> changes;  ///< made with the first ChangeWatch
};

/// Blocks `signo` in this thread, as sd_event_add_signal(3) wants it.
Result<> block_signal(int signo);

}  // namespace comar
