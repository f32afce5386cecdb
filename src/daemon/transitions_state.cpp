// SPDX-License-Identifier: MIT
// What of a boot, a switch or a shutdown outlives comard.
#include <chrono>
#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "daemon/service_activity.h"
#include "daemon/transitions.h"

namespace comar {

void Transitions::save(bool is_ended) const {
    TransitionState state = current_state();
    state.is_ended = is_ended;
    parts_.journal.save(state);
}

TransitionState Transitions::current_state() const {
    return {group_, is_down_, false, record_, began_, *left_down_};
}

bool Transitions::resume() {
    auto state = parts_.journal.load();
    if (!state && state.error().kind == ErrorKind::not_found) return false;
    if (!state) {
        spdlog::warn("{}; a boot that went on is forgotten", state.error().message);
        return false;
    }
    if (!state->group.empty()) group_ = state->group;
    is_down_ = state->is_down;
    if (is_down_) parts_.supervisor.close();
    if (!state->record) return !is_down_ || !state->is_ended;
    began_ = state->began;
    *left_down_ = std::move(state->left_down);
    take_up(std::move(*state->record));
    const std::string kind = resumed_->kind;
    go_on_with(kind);
    if (record_) return true;
    spdlog::error("cannot go on with the {}: there is no group {} any more", kind, group_);
    resumed_.reset();
    clear();
    save();
    return true;
}

/// What was under way and is there, nobody has to do again; nor what has failed: that was its turn.
void Transitions::take_up(BootRecord record) {
    const ServiceActivity activity(parts_.services);
    const auto now =
        std::chrono::duration_cast<std::chrono::microseconds>(parts_.loop.now() - began_);
    for (auto& [app, one] : record.services) {
        const Activity wanted =
            one.method == to_string(JobKind::stop) ? Activity::down : Activity::up;
        if (one.fate == to_string(Campaign::Fate::in_flight) && activity.activity(app) == wanted) {
            one.fate = to_string(Campaign::Fate::succeeded);
            one.ended = now.count();
        }
        // One that failed because comard could not plan it may be planned by now.
        const bool has_failed = one.fate == to_string(Campaign::Fate::failed) && one.began >= 0;
        if (has_failed || one.fate == to_string(Campaign::Fate::succeeded)) {
            finished_[app] = one.method;
        }
    }
    resumed_ = std::move(record);
}

void Transitions::go_on_with(const std::string& kind) {
    spdlog::info("going on with the {} that an earlier comard has begun", kind);
    const auto nobody = [](const auto&) {};
    if (kind == "shutdown") return shut_down(nobody);
    if (kind == "switch") return switch_to(group_, nobody);
    BootOptions options = kernel_options();
    options.group = group_;
    boot(options, nobody);
}

}  // namespace comar
