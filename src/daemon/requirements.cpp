// SPDX-License-Identifier: MIT
#include "daemon/requirements.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/plan.h"
#include "daemon/invoker.h"
#include "daemon/restarter.h"

namespace comar {
namespace {

using nlohmann::json;

/// Of a restart those that require it come back by themselves, and so do those of what comar stops.
bool they_follow(const CallRequest& stop) { return Restarter::is_own(stop) || stop.comes_back; }

}  // namespace

/// Waits for several jobs at once; the first error counts. Begun once more than there are jobs, by
/// whoever asks for them. Given up, it waits no more.
class Requirements::Gathering {
public:
    explicit Gathering(Then then) : then_(std::move(then)) {}

    void begin() { ++left_; }
    void end(CallReply reply = json()) {
        if (!reply && result_) result_ = std::move(reply);
        if (--left_ == 0 && then_) std::exchange(then_, nullptr)(std::move(result_));
    }
    [[nodiscard]] bool is_over() const { return !then_; }
    void give_up(CallReply error) {
        if (then_) std::exchange(then_, nullptr)(std::move(error));
    }
    /// The jobs that it waits for, by the id of the request.
    void note(std::uint64_t id, const std::string& app) { jobs_.emplace(id, app); }
    [[nodiscard]] const std::map<std::uint64_t, std::string>& jobs() const { return jobs_; }

private:
    Then then_;
    std::size_t left_ = 1;
    CallReply result_ = json();
    std::map<std::uint64_t, std::string> jobs_;
};

void Requirements::bring_up(const CallRequest& start, Then then) {
    const auto id = graph_.app_of(start.app);
    // ready() of one that is off does nothing.
    const bool is_idle = start.method == to_string(JobKind::ready) && !is_enabled_(start.app);
    if (!id || is_idle) return then(json());
    if (const Dependency* unmet = graph_.unmet_need(*id)) {
        // It may be registered, or be decided about, later.
        if (Service* service = find_service_(start.app)) service->wait_for(unmet->to);
        return then(error_reply("Dependency", "cannot start " + start.app + ": " +
                                                  describe(*unmet) + ", and " +
                                                  graph_.resolve(unmet->to).error().message));
    }
    rising_.insert(start.app);
    gather(start, *id, [this, app = start.app, then = std::move(then)](CallReply reply) {
        gathering_.erase(app);
        if (reply) reply = still_there(app);
        if (!reply) rising_.erase(app);
        then(std::move(reply));
    });
}

void Requirements::gather(const CallRequest& start, NameId id, Then then) {
    const auto gathering = std::make_shared<Gathering>(std::move(then));
    gathering_[start.app] = gathering;
    std::set<NameId> met;
    // One that runs, and is to be started again, has to know no more than whether it can be.
    if (start.comes_back) {
        start_needed(start, id, met, gathering);
        return gathering->end();
    }
    stop_conflicting(start, id, met, gathering);
    start_needed(start, id, met, gathering);
    start_wanted(start, id, met, gathering);
    for (const auto& [other, edge] : graph_.preceding(id)) {
        // A script that asks for others itself waits for them where it does so.
        const bool asks_itself = is_shown_by_code(*edge);
        if (asks_itself || !met.insert(other).second) continue;
        gathering->begin();
        jobs_->await_start(graph_.names().text(other), start.parent,
                           [gathering] { gathering->end(); });
    }
    gathering->end();
}

void Requirements::start_wanted(const CallRequest& start, NameId id, std::set<NameId>& met,
                                const std::shared_ptr<Gathering>& gathering) {
    for (const auto& [other, edge] : graph_.wanted_by(id)) {
        const std::string& name = graph_.names().text(other);
        const bool is_in_vain = start.in_vain && start.in_vain->contains(name);
        if (is_in_vain || is_there(name) || !met.insert(other).second) continue;
        gathering->begin();
        submit(JobKind::start, name, start, "started because " + start.app + " wants it",
               *gathering, [gathering, name, in_vain = start.in_vain](const CallReply& there) {
                   if (!there && in_vain) in_vain->insert(name);
                   gathering->end();
               });
    }
}

CallReply Requirements::still_there(const std::string& app) {
    for (const std::string& name : lacking(app)) {
        const Service* other = find_service_(name);
        const ServiceState state = other == nullptr ? ServiceState::unknown : other->state();
        if (!is_down(state) && state != ServiceState::stopping) continue;
        if (Service* service = find_service_(app)) service->wait_for(name);
        return error_reply("Dependency", "cannot start " + app + ": " + name +
                                             ", which it requires, has ended meanwhile");
    }
    return json();
}

void Requirements::stop_conflicting(const CallRequest& start, NameId id, std::set<NameId>& met,
                                    const std::shared_ptr<Gathering>& gathering) {
    for (const auto& [other, edge] : graph_.conflicting(id)) {
        const std::string name = graph_.names().text(other);
        if (rising_.contains(name) && jobs_->is_starting(name)) {
            gathering->begin();
            gathering->end(error_reply("Dependency", "cannot start " + start.app +
                                                         ": it conflicts with " + name +
                                                         ", which is starting"));
            continue;
        }
        if (!is_up(name) || !met.insert(other).second) continue;
        gathering->begin();
        submit(JobKind::stop, name, start, "stopped because " + start.app + " conflicts with it",
               *gathering, [gathering, app = start.app, name](CallReply stopped) {
                   if (stopped) return gathering->end();
                   gathering->end(error_reply(
                       "Dependency", "cannot start " + app + ": it conflicts with " + name +
                                         ", which does not stop: " + stopped.error().message));
               });
    }
}

void Requirements::start_needed(const CallRequest& start, NameId id, std::set<NameId>& met,
                                const std::shared_ptr<Gathering>& gathering) {
    for (const auto& [other, edge] : graph_.needed_by(id)) {
        const std::string name = graph_.names().text(other);
        if (is_there(name) || !met.insert(other).second) continue;
        gathering->begin();
        submit(JobKind::start, name, start, "started because " + start.app + " requires it",
               *gathering,
               [this, gathering, app = start.app, name,
                text = describe(*edge, name)](CallReply started) {
                   if (started) return gathering->end();
                   if (gathering->is_over()) return;
                   // It is started when that is there after all, but not where somebody stops both.
                   const CallRequest* stop = jobs_->behind(name, JobKind::stop);
                   Service* service = find_service_(app);
                   const bool may_follow = stop == nullptr || they_follow(*stop);
                   if (service != nullptr && may_follow) service->wait_for(name);
                   gathering->end(error_reply("Dependency", "cannot start " + app + ": " + text +
                                                                ": " + started.error().message));
               });
    }
}

std::optional<CallError> Requirements::objection(const CallRequest& stop) const {
    if (stop.with_dependents || they_follow(stop) || is_known_down(stop.app)) return std::nullopt;
    auto unasked = dependents_up(stop.app);
    std::erase_if(unasked, [this](const std::string& app) { return jobs_->is_stopping(app); });
    if (unasked.empty()) return std::nullopt;
    const auto all = dependents_up(stop.app, DependencyGraph::Depth::transitive);
    return CallError{"Required", why_not_stopped(stop.app, unasked, all)};
}

bool Requirements::is_known_down(const std::string& app) const {
    const Service* service = find_service_(app);
    return service != nullptr && is_down(service->state());
}

void Requirements::give_up(const std::string& app, const CallError& error) {
    const auto found = gathering_.find(app);
    if (found == gathering_.end()) return;
    const std::shared_ptr<Gathering> gathering = found->second;
    gathering->give_up(tl::unexpected(error));
    // What has not begun would be for nobody.
    const auto jobs = gathering->jobs();
    for (const auto& [id, name] : jobs) jobs_->withdraw_if_waiting(name, id);
}

void Requirements::take_down(const CallRequest& stop, Then then) {
    if (auto objection = this->objection(stop)) return then(tl::unexpected(std::move(*objection)));
    // To stop what does not run is to do nothing.
    if (is_known_down(stop.app)) return then(json());
    auto dependents = dependents_up(stop.app);
    const bool follow = they_follow(stop);
    if (follow) std::erase_if(dependents, [&](const std::string& app) { return !stops_with(app); });
    const auto gathering = std::make_shared<Gathering>(std::move(then));
    for (const std::string& app : dependents) {
        // Settings that were edited may make a circle of what runs. No order is right then, and all
        // have to stop nevertheless.
        if (stop.parent && jobs_->would_close_circle(app, JobKind::stop, *stop.parent)) {
            spdlog::warn("stopping {} before {}, which requires it and waits for it", stop.app,
                         app);
            continue;
        }
        CallRequest request = stop;
        request.with_dependents = true;
        if (follow) request.caller = Restarter::own_name();
        gathering->begin();
        submit(JobKind::stop, app, request, "stopped because " + stop.app + " is stopped",
               *gathering, [this, gathering, app, follow, other = stop.app](CallReply stopped) {
                   Service* service = find_service_(app);
                   if (stopped && follow && service != nullptr) service->wait_for(other);
                   if (!stopped) {
                       std::string& text = stopped.error().message;
                       text = "cannot stop " + other + ": " + app +
                              ", which requires it, does not stop: " + text;
                   }
                   gathering->end(std::move(stopped));
               });
    }
    gathering->end();
}

void Requirements::submit(JobKind kind, const std::string& app, const CallRequest& by,
                          std::string cause, Gathering& gathering,
                          std::function<void(CallReply)> done) {
    CallRequest request = by;
    request.id = ++last_id_;
    gathering.note(request.id, app);
    request.app = app;
    request.method = to_string(kind);
    request.arguments = json::array();
    request.cause = std::move(cause);
    request.comes_back = false;
    ++request.depth;
    jobs_->submit(kind, std::move(request), std::move(done));
}

void Requirements::submit_own(JobKind kind, const std::string& app, std::string cause) {
    CallRequest request;
    request.app = app;
    request.model = service_model;
    request.caller = Restarter::own_name();
    request.cause = std::move(cause);
    jobs_->submit(kind, std::move(request), [app, kind](const CallReply& reply) {
        if (reply) return;
        spdlog::warn("{}: cannot {} it: {}", app, to_string(kind), reply.error().message);
    });
}

void Requirements::decided_anew(const std::string& app) {
    if (Service* service = find_service_(app)) service->wait_for_nobody();
}

/// While it starts or stops, nothing is decided.
void Requirements::look_at(const std::string& app) {
    const Service* service = find_service_(app);
    if (service == nullptr || !follows_) return;
    const ServiceState state = service->state();
    if (state == ServiceState::starting || state == ServiceState::stopping) return;
    const bool was_up = up_.contains(app);
    if (is_up(app) == was_up) return;
    if (was_up) {
        up_.erase(app);
        return lost(app);
    }
    up_.insert(app);
    recovered(app);
}

void Requirements::lost(const std::string& app) {
    for (const std::string& dependent : dependents_up(app)) {
        if (!stops_with(dependent)) {
            spdlog::warn("{} goes on without {}, which it requires", dependent, app);
            if (Service* service = find_service_(dependent)) service->told_elsewhere();
            continue;
        }
        if (Service* service = find_service_(dependent)) service->wait_for(app);
        submit_own(JobKind::stop, dependent,
                   "stopped because " + app + ", which it requires, has ended");
    }
}

void Requirements::recovered(const std::string& app) {
    for (const std::string& dependent : graph_.dependents(app, DependencyGraph::Depth::direct)) {
        Service* service = find_service_(dependent);
        if (service == nullptr) continue;
        if (service->running().value_or(false)) service->told_elsewhere();
        if (!waits_for(*service, app) || !lacking(dependent).empty()) continue;
        service->wait_for_nobody();
        submit_own(JobKind::start, dependent,
                   "started because " + app + ", which it requires, is back");
    }
}

std::vector<std::string> Requirements::lacking(const std::string& app) const {
    auto names = graph_.needs(app, DependencyGraph::Depth::direct);
    std::erase_if(names, [this](const std::string& name) { return is_up(name); });
    return names;
}

/// Also one that is to stop already: whoever stops what it requires waits for that.
std::vector<std::string> Requirements::dependents_up(const std::string& app,
                                                     DependencyGraph::Depth depth) const {
    auto names = graph_.dependents(app, depth);
    std::erase_if(names, [this](const std::string& name) {
        const Service* service = find_service_(name);
        const bool is_up = service != nullptr && service->running().value_or(false);
        return !is_up && !jobs_->is_starting(name);
    });
    return names;
}

/// By its own name, or by one that it provides.
bool Requirements::waits_for(const Service& service, const std::string& app) const {
    const auto& names = service.waits_for();
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        return name == app || graph_.resolve(name) == app;
    });
}

void Requirements::follow(const std::string& app) {
    Service* service = find_service_(app);
    if (service == nullptr) return;
    for (const std::string& name : lacking(app)) service->wait_for(name);
    const auto id = graph_.app_of(app);
    const Dependency* unmet = id ? graph_.unmet_need(*id) : nullptr;
    if (unmet != nullptr) service->wait_for(unmet->to);
}

void Requirements::catch_up(const std::vector<std::string>& apps) {
    for (const std::string& app : apps) {
        const Service* service = find_service_(app);
        if (service != nullptr && is_down(service->state())) lost(app);
    }
}

void Requirements::follow_what_is_there(const std::vector<std::string>& apps) {
    if (!follows_) return;
    for (const std::string& app : apps) {
        Service* service = find_service_(app);
        const auto id = graph_.app_of(app);
        if (service == nullptr || !id || service->waits_for().empty() || is_up(app)) continue;
        if (graph_.unmet_need(*id) != nullptr || !lacking(app).empty()) continue;
        service->wait_for_nobody();
        submit_own(JobKind::start, app, "started because all that it requires is there now");
    }
}

void Requirements::forget(const std::string& app) {
    up_.erase(app);
    rising_.erase(app);
}

/// One whose start has left no process has done what it is for.
bool Requirements::is_up(const std::string& app) const {
    const Service* service = find_service_(app);
    if (service == nullptr) return false;
    return service->running().value_or(false) || service->state() == ServiceState::done;
}

/// Nothing needs to be done for it. One that is being stopped has to be started again.
bool Requirements::is_there(const std::string& app) const {
    const Service* service = find_service_(app);
    return service != nullptr &&
           (service->state() == ServiceState::running || service->state() == ServiceState::done);
}

bool Requirements::stops_with(const std::string& app) const {
    const Service* service = find_service_(app);
    return service != nullptr &&
           service->settings().values.value("requirement_lost", "mark") == "stop";
}

}  // namespace comar
