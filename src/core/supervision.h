// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "core/job.h"

namespace comar {

/// The life of one service, as the supervisor sees it.
enum class ServiceState {
    unknown,   ///< comar has not touched it since boot: only its script can tell
    starting,  ///< start() or ready() runs, and it did not run before
    running,
    stopping,  ///< stop() runs, and it ran before
    stopped,
    failed,  ///< its start failed, it died by itself with an error, or died too often
    done,    ///< its start succeeded and left no process behind
};

/// It does not run, and comar knows that.
[[nodiscard]] constexpr bool is_down(ServiceState state) {
    return state == ServiceState::stopped || state == ServiceState::failed;
}

/// "unknown", "starting", …
[[nodiscard]] std::string_view to_string(ServiceState state);
[[nodiscard]] std::optional<ServiceState> parse_service_state(std::string_view word);

/// A method that changes the service has begun.
struct MethodBegan {
    JobKind method;  ///< never restart: that is stop, then start
};

/// It is over.
struct MethodEnded {
    JobKind method;
    bool succeeded;
    bool alive;     ///< the service has a process now
    bool had_some;  ///< it had one at some moment of the call
    /// A start has failed because a stop comes next, which ends what there is.
    bool is_overtaken = false;
};

/// The script said so itself, with `notify` or donotify.
struct ScriptAnnounced {
    bool running;
};

/// The service's last process is gone.
struct Emptied {
    bool clean;  ///< false: the main process is known to have ended with an error
};

/// It is down, should run, and is not started again.
struct GivenUp {};

/// comar found processes of the service that no call of its own has started.
struct FoundAlive {};

using SupervisionEvent =
    std::variant<MethodBegan, MethodEnded, ScriptAnnounced, Emptied, GivenUp, FoundAlive>;

/// Tell the world with the signal Changed.
struct Announce {
    bool running;
};

/// `state()` has another value now, or the same one anew.
struct StateChanged {};

using SupervisionEffect = std::variant<Announce, StateChanged>;
using SupervisionEffects = std::vector<SupervisionEffect>;

/// Takes what happens to one service and says what is to be done about it. Every pair of state and
/// event is legal; some change nothing. No clock, no system call.
class Supervision {
public:
    Supervision() = default;
    /// One that comes back after a restart of comard. No method runs then: one that was cut short
    /// has failed if it was a start, and has left what may well run if it was a stop.
    explicit Supervision(ServiceState state);

    [[nodiscard]] SupervisionEffects on(const SupervisionEvent& event);

    [[nodiscard]] ServiceState state() const { return state_; }

    /// Whether the service runs, as far as comar supervises it; empty where it cannot tell.
    [[nodiscard]] std::optional<bool> running() const;

private:
    SupervisionEffects on_began(const MethodBegan& event);
    SupervisionEffects on_ended(const MethodEnded& event);
    SupervisionEffects on_announced(const ScriptAnnounced& event);
    SupervisionEffects on_emptied(const Emptied& event);
    SupervisionEffects on_given_up();
    SupervisionEffects on_found_alive();

    [[nodiscard]] bool died(const MethodEnded& event) const;
    [[nodiscard]] ServiceState after_start(const MethodEnded& event) const;
    [[nodiscard]] ServiceState after_stop(const MethodEnded& event) const;
    [[nodiscard]] ServiceState after_other(const MethodEnded& event) const;

    SupervisionEffects settle(ServiceState next);

    ServiceState state_ = ServiceState::unknown;
    ServiceState settled_ = ServiceState::unknown;  ///< the last one outside of any method
    std::optional<bool> announced_;                 ///< what the world was told last
    int methods_ = 0;                               ///< that run now; they may be nested
};

}  // namespace comar
