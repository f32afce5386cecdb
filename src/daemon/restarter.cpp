// SPDX-License-Identifier: MIT
#include "daemon/restarter.h"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/fault_point.h"
#include "daemon/invoker.h"
#include "os/wall_clock.h"

namespace comar {
namespace {

using namespace std::chrono_literals;

/// Another job is under way; what it leaves decides.
constexpr auto busy_interval = 100ms;

/// By the clock on the wall.
std::uint64_t moment_after(std::chrono::milliseconds time) {
    const auto now = std::chrono::microseconds(static_cast<std::int64_t>(wall_clock()));
    return static_cast<std::uint64_t>(std::max(now + time, 0us).count());
}

/// Negative for what is past.
std::chrono::milliseconds time_until(std::uint64_t moment) {
    const auto left = static_cast<std::int64_t>(moment) - static_cast<std::int64_t>(wall_clock());
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::microseconds(left));
}

}  // namespace

const char* Restarter::own_name() { return "comar"; }

bool Restarter::is_own(const CallRequest& request) { return request.caller == own_name(); }

bool Restarter::is_from_outside(const CallRequest& request) {
    return request.depth == 0 && !request.left_down && !is_own(request);
}

void Restarter::submit(JobKind kind, const std::string& app, std::string cause) {
    CallRequest request;
    request.app = app;
    request.model = service_model;
    request.caller = own_name();
    request.cause = std::move(cause);
    const char* what = kind == JobKind::restart ? "restarted"
                       : kind == JobKind::stop  ? "stopped"
                                                : "started again";
    jobs_->submit(kind, std::move(request), [app, what](const CallReply& reply) {
        if (!reply) spdlog::warn("{} was not {}: {}", app, what, reply.error().message);
    });
}

Restarter::Retry& Restarter::retry_of(const Service& service) {
    const auto [found, is_new] = retries_.try_emplace(service.app());
    if (is_new) {
        const Service::RestartRecord& record = service.restarts();
        Restarts::Memory memory{record.count, record.in_a_row, {}};
        for (const std::uint64_t moment : record.recent) {
            memory.recent.push_back(std::max(-time_until(moment), 0ms));
        }
        found->second.restarts.restore(memory, loop_.now());
    }
    return found->second;
}

void Restarter::note(Service& service, const Retry& retry, bool waits) {
    const Restarts::Memory memory = retry.restarts.memory(loop_.now());
    Service::RestartRecord record{memory.count, memory.in_a_row, {}, 0};
    for (const auto ago : memory.recent) record.recent.push_back(moment_after(-ago));
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(retry.at - loop_.now());
    if (waits) record.due = moment_after(left);
    service.note_restarts(std::move(record));
}

void Restarter::ended(const std::string& app, bool clean, std::chrono::milliseconds ran) {
    Service* service = find_service_(app);
    if (service == nullptr || shut_down_) return;
    Retry& retry = retry_of(*service);
    const auto decision = retry.restarts.decide(service->settings().supervision.restart,
                                                {clean, loop_.now(), ran}, chance());
    const std::string how = end_of(*service);
    if (!decision.delay) {
        if (decision.refusal.empty()) return;
        spdlog::error("{} stays down: {}; the last time after {}", app, decision.refusal, how);
        const bool has_started = ran > 0ms || service->last_error().empty();
        const std::string last =
            has_started ? how : "a start that failed: " + service->last_error();
        return service->give_up(decision.refusal + "; 'comar reset " + app +
                                "' lets it try again; the last time after " + last);
    }
    const bool has_run = ran > 0ms;
    retry.cause = "started again after " + (has_run ? how : "a start that failed");
    if (has_run && service->is_blamed()) retry.cause += ": " + service->last_error();
    retry.kind = JobKind::start;
    plan(app, retry, *decision.delay);
    note(*service, retry, true);
    fault_point("restart", "planned");
    spdlog::info("{} has {}; it starts again in {} ms", app,
                 has_run ? "ended (" + how + ")" : "not been started", decision.delay->count());
}

void Restarter::resume(const std::string& app) {
    Service* service = find_service_(app);
    const bool waits = service != nullptr && service->restarts().due > 0 && service->wanted() &&
                       service->running() == false;
    if (!waits) return;
    Retry& retry = retry_of(*service);
    retry.cause = "started again after " + end_of(*service);
    const auto delay = std::max(time_until(service->restarts().due), 0ms);
    plan(app, retry, delay);
    spdlog::info("{} has ended ({}); it starts again in {} ms", app, end_of(*service),
                 delay.count());
}

/// Half a service is better than none: at its limit it is left as it is, until some time has
/// passed.
void Restarter::unwell(const std::string& app, const std::string& problem) {
    Service* service = find_service_(app);
    if (service == nullptr || shut_down_) return;
    Retry& retry = retry_of(*service);
    const bool is_planned = retry.timer && retry.timer->armed();
    if (is_planned) return service->set_health(problem);
    const auto decision =
        retry.restarts.once_more(service->settings().supervision.restart, loop_.now(), chance());
    if (!decision.delay) {
        const std::string text = problem + "; " + decision.refusal;
        if (service->health() != text) {
            spdlog::error("{} is not well: {}; comar leaves it so: {}", app, problem,
                          decision.refusal);
        }
        return service->set_health(text);
    }
    service->set_health(problem);
    spdlog::error("{} is not well: {}; comar starts it again in {} ms", app, problem,
                  decision.delay->count());
    retry.cause = "restarted because its health check failed: " + problem;
    retry.kind = JobKind::restart;
    plan(app, retry, *decision.delay);
    note(*service, retry, false);
}

void Restarter::well(const std::string& app) {
    const auto found = retries_.find(app);
    Service* service = find_service_(app);
    if (found == retries_.end() || service == nullptr) return;
    Retry& retry = found->second;
    if (retry.kind == JobKind::restart && retry.timer) retry.timer->disarm();
    const bool is_recovered = service->runs_for() >= service->settings().supervision.restart.reset;
    if (!is_recovered || service->restarts().in_a_row == 0) return;
    retry.restarts.recovered();
    note(*service, retry, false);
}

double Restarter::chance() { return std::uniform_real_distribution<double>(0.0, 1.0)(random_); }

void Restarter::plan(const std::string& app, Retry& retry, std::chrono::milliseconds delay) {
    retry.at = loop_.now() + delay;
    retry.timer = std::make_unique<Timer>(loop_, [this, app] { start_again(app); });
    if (delay > 0ms) return retry.timer->arm(retry.at);
    // Not by the timer: those that end together are started together.
    loop_.defer([this, app] { start_again(app); });
}

void Restarter::start_again(const std::string& app) {
    const auto found = retries_.find(app);
    const Service* service = find_service_(app);
    if (found == retries_.end() || service == nullptr || !service->wanted() || shut_down_) return;
    // A stop that waits its turn must not be followed by a start of ours.
    if (jobs_->busy(app)) return found->second.timer->arm(busy_interval);
    const bool fits = service->running().value_or(false) == (found->second.kind != JobKind::start);
    if (!fits) return;
    fault_point("restart", "due");
    submit(found->second.kind, app, found->second.cause);
}

void Restarter::decided_anew(const std::string& app) {
    const auto found = retries_.find(app);
    if (found == retries_.end()) return;
    // It may be its timer that has led here.
    loop_.defer([timer = std::shared_ptr<Timer>(std::move(found->second.timer))] {});
    retries_.erase(found);
    if (Service* service = find_service_(app)) service->note_restarts({});
}

void Restarter::reset(const std::string& app) {
    retries_.erase(app);
    Service* service = find_service_(app);
    if (service == nullptr) return;
    service->note_restarts({});
    const bool is_down = service->running() == false;
    const bool restarts = service->settings().supervision.restart.policy != RestartPolicy::no;
    if (!service->wanted() || !is_down || !restarts) return;
    Retry& retry = retries_[app];
    retry.cause = "started again by comar reset";
    retry.kind = JobKind::start;
    plan(app, retry, 0ms);
}

std::optional<std::chrono::milliseconds> Restarter::retry_in(const std::string& app) const {
    const auto found = retries_.find(app);
    if (found == retries_.end() || !found->second.timer || !found->second.timer->armed()) {
        return std::nullopt;
    }
    return std::max(
        std::chrono::duration_cast<std::chrono::milliseconds>(found->second.at - loop_.now()), 0ms);
}

}  // namespace comar
