// SPDX-License-Identifier: MIT
#include "daemon/jobs.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "core/fault_point.h"
#include "daemon/restarter.h"

namespace comar {
namespace {

/// Of one service. Nobody needs more; who sends start and stop in turns would fill the memory.
constexpr std::size_t max_waiting_jobs = 256;
constexpr std::size_t max_waiters = 8192;

/// The methods of the script that a job runs, in order.
std::vector<JobKind> phases_of(JobKind kind) {
    if (kind == JobKind::restart) return {JobKind::stop, JobKind::start};
    return {kind};
}

std::string label_of(const std::string& app, JobKind kind) {
    return app + "." + std::string(to_string(kind));
}

constexpr std::string_view restarts_instead_name = "RestartsInstead";

/// After one of these the service runs, if they say so.
bool ends_started(JobKind kind) { return kind != JobKind::stop && kind != JobKind::reload; }

}  // namespace

void Jobs::submit(JobKind kind, CallRequest request, Done done) {
    if (is_needless(kind, request)) return done(nlohmann::json());
    Line& line = lines_.try_emplace(request.app, tickets_).first->second;
    const auto& running = line.queue.running();
    const bool own_chain =
        running && request.parent && waits_.reaches(running->ticket, *request.parent);
    // The running job has asked for this, through however many scripts: it is part of that job,
    // and would wait for itself in the queue.
    if (own_chain && !satisfies(running->kind, kind)) {
        const Service* service = find_service_(request.app);
        const auto may = waits_.may_wait(*request.parent, running->ticket);
        // A restart is in one of its halves.
        const bool is_circle = service != nullptr && service->is_in(kind) && !may;
        if (is_circle) return done(tl::unexpected(CallError{"Deadlock", may.error().message}));
        return run_phases(std::move(request), phases_of(kind), std::nullopt, std::move(done));
    }
    submit_queued(line, kind, std::move(request), std::move(done));
}

/// What a script needs and what runs is not started again (SPEC 5); whoever starts it by name may
/// know better.
bool Jobs::is_needless(JobKind kind, const CallRequest& request) const {
    if (kind != JobKind::start || !request.parent || busy(request.app)) return false;
    const Service* service = find_service_(request.app);
    return service != nullptr && service->running().value_or(false);
}

void Jobs::submit_queued(Line& line, JobKind kind, CallRequest request, Done done) {
    const std::string app = request.app;
    if (!line.has_room(!line.queue.joinable(kind))) {
        return done(
            tl::unexpected(CallError{"Busy", "cannot " + std::string(to_string(kind)) + " " + app +
                                                 ": too many wait for it already"}));
    }
    // Who has to ask in another way hears so at once, not when it has started.
    const auto& running = line.queue.running();
    if (kind == JobKind::stop && running && ends_started(running->kind)) {
        if (auto objection = steps_.objection(request)) return done(tl::unexpected(*objection));
    }
    const auto place = take_place(line, kind, request);
    if (!place) {
        done(tl::unexpected(CallError{"Deadlock", place.error().message}));
        return drop_idle(app);
    }
    const auto [found, is_new] = line.pending.try_emplace(*place);
    Pending& pending = found->second;
    pending.waiters.push_back({request.id, std::move(done)});
    if (is_new) {
        pending.queued_behind = line.queue.running().has_value();
        pending.request = std::move(request);
        pending.request.parent.reset();
    } else {
        join(pending, std::move(request));
    }
    // Last of all, for what they end may end the job that runs.
    const bool overtakes = kind == JobKind::stop || kind == JobKind::restart;
    if (is_new && overtakes && line.queue.running()) return steps_.overtaken(app);
    pump(app, std::nullopt);
}

/// What somebody outside asks for is his job from then on, whoever has wanted the same before.
void Jobs::join(Pending& pending, CallRequest request) {
    const bool with_dependents = pending.request.with_dependents || request.with_dependents;
    if (!request.left_down) pending.request.left_down.reset();
    const bool takes_over =
        Restarter::is_from_outside(request) && !Restarter::is_from_outside(pending.request);
    if (takes_over) {
        pending.request = std::move(request);
        pending.request.parent.reset();
    }
    pending.request.with_dependents = with_dependents;
}

/// The job in the queue and, with who waits for it, in the wait graph. Where that would close a
/// circle it fails, and all is as before.
Result<Ticket> Jobs::take_place(Line& line, JobKind kind, const CallRequest& request) {
    if (const auto joinable = line.queue.joinable(kind); joinable && request.parent) {
        if (auto may = waits_.may_wait(*request.parent, *joinable); !may) {
            return Failure(std::move(may.error()));
        }
    }
    const auto [ticket, joined] = line.queue.submit(kind);
    if (!joined) {
        waits_.add(ticket, label_of(request.app, kind));
        if (const auto ahead = line.queue.ahead_of(ticket)) {
            // Nobody waits for a new job yet.
            (void)waits_.wait(ticket, *ahead, WaitFor::turn);
        }
    }
    if (!request.parent) return ticket;
    if (auto waits = waits_.wait(*request.parent, ticket); !waits) {
        line.queue.withdraw(ticket);
        waits_.remove(ticket);
        return Failure(std::move(waits.error()));
    }
    return ticket;
}

bool Jobs::Line::has_room(bool for_another_job) const {
    const std::size_t waiters = std::accumulate(
        pending.begin(), pending.end(), std::size_t{0},
        [](std::size_t sum, const auto& item) { return sum + item.second.waiters.size(); });
    return waiters < max_waiters && (!for_another_job || queue.waiting().size() < max_waiting_jobs);
}

void Jobs::pump(const std::string& app, std::optional<JobKind> started_before) {
    Line& line = lines_.at(app);
    const auto job = line.queue.begin_next();
    if (!job) return;
    const Pending& pending = line.pending.at(job->ticket);
    const Service* service = find_service_(app);
    // What waited behind a start that has succeeded has what it wants.
    const bool satisfied = job->kind == JobKind::start && pending.queued_behind && started_before &&
                           ends_started(*started_before) && service != nullptr &&
                           service->running().value_or(false);
    if (satisfied) return end(app, *job, CallReply(nlohmann::json()));
    run_phases(pending.request, phases_of(job->kind), job->ticket,
               [this, app, job = *job](const CallReply& reply) { end(app, job, reply); });
}

void Jobs::run_phases(CallRequest request, std::vector<JobKind> phases, std::optional<Ticket> job,
                      Done done) {
    if (phases.size() == 1)
        return run_phase(std::move(request), std::move(phases), job, std::move(done));
    // What cannot be started again is not stopped.
    CallRequest asking = request;
    asking.comes_back = true;
    if (job) asking.parent = job;
    steps_.before(asking, JobKind::start, [this, request, phases, job, done](CallReply ready) {
        if (!ready) {
            if (Service* service = find_service_(request.app)) service->settle_start();
            return done(std::move(ready));
        }
        run_phase(request, phases, job, done);
    });
}

/// The first one, and then the others.
void Jobs::run_phase(CallRequest request, std::vector<JobKind> phases, std::optional<Ticket> job,
                     Done done) {
    const JobKind phase = phases.front();
    phases.erase(phases.begin());
    request.method = to_string(phase);
    request.comes_back = !phases.empty();
    const auto next = phases.empty() ? Next::nothing : Next::start;
    run_method(request, phase, next, job, [this, request, phases, job, done](CallReply reply) {
        if (!reply || phases.empty()) return done(std::move(reply));
        run_phases(request, phases, job, done);
    });
}

/// The service is looked up anew after each wait: it may have been removed meanwhile.
void Jobs::run_method(const CallRequest& request, JobKind method, Next next,
                      std::optional<Ticket> job, const Done& done) {
    fault_point(to_string(method), "next");
    const auto ended = [this, app = request.app, method, done](CallReply reply) {
        fault_point(to_string(method), "over");
        if (Service* service = find_service_(app)) {
            service->method_ended(method, reply.has_value(), reply ? "" : reply.error().message);
        }
        fault_point(to_string(method), "ended");
        done(std::move(reply));
    };
    CallRequest asking = request;
    if (job) asking.parent = job;
    steps_.before(asking, method, [this, request, method, next, job, ended, done](CallReply ready) {
        if (!ready) return done(std::move(ready));
        Service* service = find_service_(request.app);
        if (service == nullptr) {
            return done(tl::unexpected(CallError{"Internal", "Unable to find " + request.app}));
        }
        service->method_began(method, request.cause);
        if (next == Next::start) service->owe_start(request.cause);
        fault_point(to_string(method), "begun");
        const bool is_done = steps_.do_directly(
            request, method, [this, request, method, job, ended](std::optional<CallReply> reply) {
                if (!reply) return run_script(request, method, job, ended);
                steps_.after(request, method, std::move(*reply), ended);
            });
        if (!is_done) run_script(request, method, job, ended);
    });
}

void Jobs::run_script(const CallRequest& request, JobKind method, std::optional<Ticket> job,
                      const Done& ended) {
    calls_.run(request, job, [this, request, method, ended](CallReply reply) {
        fault_point(to_string(method), "answered");
        steps_.after(request, method, std::move(reply), ended);
    });
}

void Jobs::end(const std::string& app, const Job& job, const CallReply& reply) {
    Line& line = lines_.at(app);
    if (Service* service = find_service_(app)) service->owe_nothing();
    if (hand_over(line, job, reply)) return pump(app, std::nullopt);
    auto pending = line.pending.extract(job.ticket);
    line.queue.end_running();
    waits_.remove(job.ticket);
    for (const Waiter& waiter : pending.mapped().waiters) waiter.done(reply);
    fault_point(to_string(job.kind), "told");
    if (lines_.contains(app)) pump(app, reply ? std::optional(job.kind) : std::nullopt);
    drop_idle(app);
}

/// A start that gave way to a restart leaves it those who wait for it.
bool Jobs::hand_over(Line& line, const Job& job, const CallReply& reply) {
    if (!gave_way(reply)) return false;
    const auto& waiting = line.queue.waiting();
    const auto next = std::ranges::find(waiting, JobKind::restart, &Job::kind);
    if (next == waiting.end()) return false;
    auto pending = line.pending.extract(job.ticket);
    std::ranges::move(pending.mapped().waiters,
                      std::back_inserter(line.pending.at(next->ticket).waiters));
    waits_.hand_over(job.ticket, next->ticket);
    line.queue.end_running();
    waits_.remove(job.ticket);
    return true;
}

void Jobs::drop_idle(const std::string& app) {
    const auto found = lines_.find(app);
    if (found != lines_.end() && found->second.queue.idle()) lines_.erase(found);
}

void Jobs::await_start(const std::string& app, std::optional<Ticket> parent,
                       std::function<void()> done) {
    const auto found = lines_.find(app);
    if (found == lines_.end()) return done();
    Line& line = found->second;
    const auto ticket = line.queue.joinable(JobKind::start);
    if (!ticket || (parent && !waits_.wait(*parent, *ticket))) return done();
    line.pending.at(*ticket).waiters.push_back({0, [done](const CallReply&) { done(); }});
}

bool Jobs::is_starting(const std::string& app) const {
    const auto found = lines_.find(app);
    if (found == lines_.end()) return false;
    const JobQueue& queue = found->second.queue;
    return queue.joinable(JobKind::start) || queue.joinable(JobKind::ready);
}

bool Jobs::is_stopping(const std::string& app) const {
    const auto found = lines_.find(app);
    return found != lines_.end() && found->second.queue.joinable(JobKind::stop);
}

bool Jobs::would_close_circle(const std::string& app, JobKind kind, Ticket parent) const {
    const auto found = lines_.find(app);
    if (found == lines_.end()) return false;
    const JobQueue& queue = found->second.queue;
    auto awaited = queue.joinable(kind);
    if (!awaited && !queue.waiting().empty()) awaited = queue.waiting().back().ticket;
    if (!awaited && queue.running()) awaited = queue.running()->ticket;
    return awaited && !waits_.may_wait(parent, *awaited);
}

CallError Jobs::restarts_instead(const std::string& app) {
    return {std::string(restarts_instead_name), "cannot start " + app + ": it is to be restarted"};
}

bool Jobs::gave_way(const CallReply& reply) {
    return !reply && reply.error().name == restarts_instead_name;
}

const CallRequest* Jobs::behind(const std::string& app, JobKind kind) const {
    const auto found = lines_.find(app);
    if (found == lines_.end()) return nullptr;
    const Line& line = found->second;
    const auto& waiting = line.queue.waiting();
    const auto job = std::ranges::find(waiting, kind, &Job::kind);
    return job == waiting.end() ? nullptr : &line.pending.at(job->ticket).request;
}

bool Jobs::cancel(std::uint64_t id) {
    if (id == 0) return false;
    for (const auto& [app, line] : lines_) {
        const auto job = line.job_for(id);
        if (!job) continue;
        // A copy, for what follows changes the tables.
        cancel_one(std::string(app), *job, id);
        return true;
    }
    return false;
}

void Jobs::withdraw_if_waiting(const std::string& app, std::uint64_t id) {
    const auto found = lines_.find(app);
    if (found == lines_.end()) return;
    const auto& running = found->second.queue.running();
    const auto job = found->second.job_for(id);
    if (job && !(running && running->ticket == *job)) cancel_one(app, *job, id);
}

std::optional<Ticket> Jobs::Line::job_for(std::uint64_t id) const {
    for (const auto& [job, waited_for] : pending) {
        const auto& waiters = waited_for.waiters;
        if (std::ranges::find(waiters, id, &Waiter::id) != waiters.end()) return job;
    }
    return std::nullopt;
}

void Jobs::cancel_one(const std::string& app, Ticket job, std::uint64_t id) {
    Line& line = lines_.at(app);
    Pending& pending = line.pending.at(job);
    const auto& running = line.queue.running();
    const bool runs = running && running->ticket == job;
    // Its end is told like any other, with the error of the call.
    if (runs && pending.waiters.size() == 1 && calls_.cancel(pending.request.id)) return;
    const auto found = std::find_if(pending.waiters.begin(), pending.waiters.end(),
                                    [id](const Waiter& one) { return one.id == id; });
    const Waiter waiter = std::move(*found);
    pending.waiters.erase(found);
    if (pending.waiters.empty() && !runs) withdraw(line, job);
    waiter.done(tl::unexpected(CallError{
        "Cancelled", "cannot finish what " + app + " should do: its caller has cancelled it"}));
    drop_idle(app);
}

void Jobs::cancel_waiting() {
    std::vector<std::pair<std::string, Waiter>> waiters;
    for (auto& [app, line] : lines_) {
        while (!line.queue.waiting().empty()) {
            const Ticket job = line.queue.waiting().back().ticket;
            for (Waiter& waiter : line.pending.at(job).waiters) {
                waiters.emplace_back(app, std::move(waiter));
            }
            withdraw(line, job);
        }
    }
    for (const auto& [app, waiter] : waiters) {
        waiter.done(tl::unexpected(CallError{
            "Cancelled", "cannot finish what " + app + " should do: comard is stopping"}));
    }
}

void Jobs::withdraw(Line& line, Ticket job) {
    const auto behind = line.queue.behind(job);
    line.queue.withdraw(job);
    line.pending.erase(job);
    waits_.remove(job);
    const auto ahead = behind ? line.queue.ahead_of(*behind) : std::nullopt;
    if (ahead) (void)waits_.wait(*behind, *ahead, WaitFor::turn);
}

bool Jobs::busy(const std::string& app) const {
    const auto found = lines_.find(app);
    return found != lines_.end() && !found->second.queue.idle();
}

}  // namespace comar
