// SPDX-License-Identifier: MIT
#include "daemon/requirements.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <spdlog/spdlog.h>

#include "daemon/invoker.h"
#include "daemon/restarter.h"

namespace comar {
namespace {

using nlohmann::json;

/// "a, b and c"
std::string list(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
        text += names[i];
    }
    return text;
}

}  // namespace

/// Waits for several jobs at once; the first error counts.
class Requirements::Gathering {
public:
    explicit Gathering(Then then) : then_(std::move(then)) {}
    Gathering(const Gathering&) = delete;
    Gathering& operator=(const Gathering&) = delete;
    /// Nobody is left who could come.
    ~Gathering() { then_(std::move(result_)); }

    void fail(CallReply error) {
        if (result_) result_ = std::move(error);
    }

private:
    Then then_;
    CallReply result_ = json();
};

void Requirements::bring_up(const CallRequest& start, Then then) {
    const std::string& app = start.app;
    const auto id = graph_.app_of(app);
    if (!id) return then(json());
    if (const Dependency* unmet = graph_.unmet_need(*id)) {
        return then(error_reply("Dependency", "cannot start " + app + ": " + describe(*unmet) +
                                                  ", and there is no such service"));
    }
    const auto gathering = std::make_shared<Gathering>(std::move(then));
    std::set<NameId> met;
    for (const auto& [other, edge] : graph_.conflicting(*id)) {
        const std::string name = graph_.names().text(other);
        if (!is_up(name) || !met.insert(other).second) continue;
        submit(JobKind::stop, name, start, "stopped because " + app + " conflicts with it",
               [gathering, app, name](CallReply stopped) {
                   if (stopped) return;
                   gathering->fail(error_reply(
                       "Dependency", "cannot start " + app + ": it conflicts with " + name +
                                         ", which does not stop: " + stopped.error().message));
               });
    }
    for (const auto& [other, edge] : graph_.needed_by(*id)) {
        if (!met.insert(other).second) continue;
        const std::string name = graph_.names().text(other);
        submit(JobKind::start, name, start, "started because " + app + " requires it",
               [this, gathering, app, name, text = describe(*edge, name)](CallReply started) {
                   if (started) return;
                   Service* service = find_service_(app);
                   if (service != nullptr) service->wait_for(name);
                   gathering->fail(error_reply("Dependency", "cannot start " + app + ": " + text +
                                                                 ": " + started.error().message));
               });
    }
    for (const auto& [other, edge] : graph_.wanted_by(*id)) {
        if (!met.insert(other).second) continue;
        submit(JobKind::start, graph_.names().text(other), start,
               "started because " + app + " wants it", [gathering](const CallReply&) {});
    }
    for (const auto& [other, edge] : graph_.preceding(*id)) {
        if (!met.insert(other).second) continue;
        jobs_->await_start(graph_.names().text(other), start.parent, [gathering] {});
    }
}

void Requirements::take_down(const CallRequest& stop, Then then) {
    auto dependents = running_dependents(stop.app);
    const bool by_comar = Restarter::is_own(stop);
    // Of a restart they come back by themselves, and so do those that comar stops.
    if (by_comar || stop.comes_back) {
        std::erase_if(dependents, [&](const std::string& app) { return !stops_with(app); });
    } else if (!stop.with_dependents && !dependents.empty()) {
        return then(error_reply(
            "Required", "cannot stop " + stop.app + ": " + list(dependents) +
                            (dependents.size() == 1 ? " requires it" : " require it") +
                            "; 'comar stop --with-dependents " + stop.app + "' stops " +
                            (dependents.size() == 1 ? "both" : "all of them")));
    }
    const bool follow = by_comar || stop.comes_back;
    const auto gathering = std::make_shared<Gathering>(std::move(then));
    for (const std::string& app : dependents) {
        CallRequest request = stop;
        request.with_dependents = true;
        if (follow) request.caller = Restarter::own_name();
        submit(JobKind::stop, app, request, "stopped because " + stop.app + " is stopped",
               [this, gathering, app, follow, other = stop.app](CallReply stopped) {
                   Service* service = find_service_(app);
                   if (stopped && follow && service != nullptr) service->wait_for(other);
                   if (!stopped) gathering->fail(std::move(stopped));
               });
    }
}

void Requirements::submit(JobKind kind, const std::string& app, const CallRequest& by,
                          std::string cause, std::function<void(CallReply)> done) {
    CallRequest request = by;
    request.id = 0;
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
    for (const std::string& dependent : running_dependents(app)) {
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
    for (const std::string& dependent :
         graph_.dependents(app, DependencyGraph::Depth::direct)) {
        Service* service = find_service_(dependent);
        if (service == nullptr) continue;
        if (service->running().value_or(false)) service->told_elsewhere();
        if (!service->waits_for(app) || !lacking(dependent).empty()) continue;
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

std::vector<std::string> Requirements::running_dependents(const std::string& app) const {
    auto names = graph_.dependents(app, DependencyGraph::Depth::direct);
    std::erase_if(names, [this](const std::string& name) {
        const Service* service = find_service_(name);
        return service == nullptr || !service->running().value_or(false);
    });
    return names;
}

/// One whose start has left no process has done what it is for.
bool Requirements::is_up(const std::string& app) const {
    const Service* service = find_service_(app);
    if (service == nullptr) return false;
    return service->running().value_or(false) || service->state() == ServiceState::done;
}

bool Requirements::stops_with(const std::string& app) const {
    const Service* service = find_service_(app);
    return service != nullptr &&
           service->settings().values.value("requirement_lost", "mark") == "stop";
}

}  // namespace comar
