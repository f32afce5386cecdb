// SPDX-License-Identifier: MIT
#include "core/supervision.h"

#include <array>
#include <cstddef>

namespace comar {
namespace {

constexpr std::array<std::string_view, 7> names{"unknown", "starting", "running", "stopping",
                                                "stopped", "failed",   "done"};
static_assert(names[static_cast<std::size_t>(ServiceState::done)] == "done");

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

bool starts(JobKind method) { return method == JobKind::start || method == JobKind::ready; }

ServiceState without_method(ServiceState state) {
    switch (state) {
        case ServiceState::starting:
            return ServiceState::failed;
        case ServiceState::stopping:
            return ServiceState::running;
        default:
            return state;
    }
}

}  // namespace

std::string_view to_string(ServiceState state) { return names[static_cast<std::size_t>(state)]; }

std::optional<ServiceState> parse_service_state(std::string_view word) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == word) return static_cast<ServiceState>(i);
    }
    return std::nullopt;
}

Supervision::Supervision(ServiceState state) : state_(without_method(state)), settled_(state_) {
    if (const auto known = running()) announced_ = *known;
}

SupervisionEffects Supervision::on(const SupervisionEvent& event) {
    return std::visit(
        Overloaded{
            [this](const MethodBegan& began) { return on_began(began); },
            [this](const MethodEnded& ended) { return on_ended(ended); },
            [this](const ScriptAnnounced& announced) { return on_announced(announced); },
            [this](const Emptied& emptied) { return on_emptied(emptied); },
            [this](const GivenUp&) { return on_given_up(); },
            [this](const FoundAlive&) { return on_found_alive(); },
        },
        event);
}

std::optional<bool> Supervision::running() const {
    switch (state_) {
        case ServiceState::running:
        case ServiceState::stopping:
            return true;
        case ServiceState::stopped:
        case ServiceState::failed:
            return false;
        case ServiceState::starting:
            if (is_down(settled_)) return false;
            return std::nullopt;
        case ServiceState::unknown:
        case ServiceState::done:
            return std::nullopt;
    }
    return std::nullopt;
}

SupervisionEffects Supervision::on_began(const MethodBegan& event) {
    if (methods_++ > 0) return {};
    if (starts(event.method) && settled_ != ServiceState::running) {
        state_ = ServiceState::starting;
    } else if (event.method == JobKind::stop && settled_ == ServiceState::running) {
        state_ = ServiceState::stopping;
    }
    return {StateChanged{}};
}

SupervisionEffects Supervision::on_ended(const MethodEnded& event) {
    // Only the outermost method decides: what it called was part of its work.
    if (methods_ > 0 && --methods_ > 0) return {};
    // It neither runs as it should nor is it down.
    if (event.is_overtaken && event.alive) return {StateChanged{}};
    switch (event.method) {
        case JobKind::start:
            return settle(after_start(event));
        case JobKind::stop:
            return settle(after_stop(event));
        case JobKind::ready:
        case JobKind::reload:
        case JobKind::restart:
            return settle(after_other(event));
    }
    return {};
}

SupervisionEffects Supervision::on_announced(const ScriptAnnounced& event) {
    announced_ = event.running;
    return {};
}

SupervisionEffects Supervision::on_emptied(const Emptied& event) {
    // While a method runs, coming and going is its work; its end tells.
    if (methods_ > 0 || state_ != ServiceState::running) return {};
    return settle(event.clean ? ServiceState::stopped : ServiceState::failed);
}

SupervisionEffects Supervision::on_given_up() {
    const bool is_idle = state_ == ServiceState::stopped || state_ == ServiceState::unknown;
    if (methods_ > 0 || !is_idle) return {};
    return settle(ServiceState::failed);
}

SupervisionEffects Supervision::on_found_alive() {
    if (methods_ > 0 || state_ == ServiceState::running) return {};
    return settle(ServiceState::running);
}

/// Whether it ran, before the method or in it, and does so no more.
bool Supervision::died(const MethodEnded& event) const {
    return !event.alive && (settled_ == ServiceState::running || event.had_some);
}

ServiceState Supervision::after_start(const MethodEnded& event) const {
    if (event.alive) return ServiceState::running;
    return event.succeeded && !died(event) ? ServiceState::done : ServiceState::failed;
}

/// What a successful stop() leaves alive on purpose (the sessions of an sshd, say) does not make
/// the service run. One that failed and of which comar knows no process is as it was: it may run
/// without comar's knowledge.
ServiceState Supervision::after_stop(const MethodEnded& event) const {
    if (event.succeeded || died(event)) return ServiceState::stopped;
    return event.alive ? ServiceState::running : settled_;
}

/// ready() may well decide not to start anything.
ServiceState Supervision::after_other(const MethodEnded& event) const {
    if (event.alive) return ServiceState::running;
    const bool start_failed = event.method == JobKind::ready && !event.succeeded;
    return died(event) || start_failed ? ServiceState::failed : settled_;
}

SupervisionEffects Supervision::settle(ServiceState next) {
    state_ = settled_ = next;
    SupervisionEffects effects{StateChanged{}};
    const bool runs = next == ServiceState::running;
    const bool over = is_down(next);
    if (runs && announced_ != true) effects.emplace_back(Announce{true});
    if (over && announced_ == true) effects.emplace_back(Announce{false});
    if (runs || over) announced_ = runs;
    return effects;
}

}  // namespace comar
