// SPDX-License-Identifier: MIT
#include "daemon/jobs.h"

#include <utility>

namespace comar {
namespace {

/// The methods of the script that a job runs, in order.
std::vector<JobKind> phases_of(JobKind kind) {
    if (kind == JobKind::restart) return {JobKind::stop, JobKind::start};
    return {kind};
}

std::string label_of(const std::string& app, JobKind kind) {
    return app + "." + std::string(to_string(kind));
}

/// After one of these the service runs, if they say so.
bool ends_started(JobKind kind) { return kind != JobKind::stop && kind != JobKind::reload; }

}  // namespace

void Jobs::submit(JobKind kind, CallRequest request, Done done) {
    Line& line = lines_.try_emplace(request.app, tickets_).first->second;
    const auto& running = line.queue.running();
    const bool own_chain =
        running && request.parent && waits_.reaches(running->ticket, *request.parent);
    // A chain that began in this service's own job would wait for itself in the queue.
    if (own_chain && !satisfies(running->kind, kind)) {
        return submit_within(line, kind, std::move(request), std::move(done));
    }
    submit_queued(line, kind, std::move(request), std::move(done));
}

/// The running job has asked for this, through however many scripts: it is part of that job.
void Jobs::submit_within(Line&, JobKind kind, CallRequest request, Done done) {
    run_phases(std::move(request), phases_of(kind), std::nullopt, std::move(done));
}

void Jobs::submit_queued(Line& line, JobKind kind, CallRequest request, Done done) {
    const std::string app = request.app;
    const auto submitted = line.queue.submit(kind);
    if (auto linked = link(line, submitted, request, kind); !linked) {
        if (!submitted.joined) {
            line.queue.withdraw(submitted.ticket);
            waits_.remove(submitted.ticket);
        }
        return done(tl::unexpected(CallError{"Deadlock", linked.error().message}));
    }
    Pending& pending = line.pending[submitted.ticket];
    pending.waiters.push_back({request.parent, std::move(done)});
    if (!submitted.joined) {
        pending.queued_behind = line.queue.running().has_value();
        pending.request = std::move(request);
        pending.request.parent.reset();
    }
    pump(app, std::nullopt);
}

/// Puts the job and who waits for it into the wait graph. Fails where that closes a circle.
Result<> Jobs::link(Line& line, const JobQueue::Submitted& submitted, const CallRequest& request,
                    JobKind kind) {
    if (!submitted.joined) {
        waits_.add(submitted.ticket, label_of(request.app, kind));
        if (const auto ahead = line.queue.ahead_of(submitted.ticket)) {
            // Nobody waits for a new job yet.
            (void)waits_.wait(submitted.ticket, *ahead, WaitFor::turn);
        }
    }
    return request.parent ? waits_.wait(*request.parent, submitted.ticket) : Result<>();
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
    Service* service = find_service_(request.app);
    if (service == nullptr) {
        return done(tl::unexpected(CallError{"Internal", "Unable to find " + request.app}));
    }
    const JobKind phase = phases.front();
    phases.erase(phases.begin());
    request.method = to_string(phase);
    service->method_began(phase);
    calls_.run(request, job, [this, request, phase, phases, job, done](CallReply reply) {
        if (Service* again = find_service_(request.app)) {
            again->method_ended(phase, reply.has_value(), reply ? "" : reply.error().message);
        }
        if (!reply || phases.empty()) return done(std::move(reply));
        run_phases(request, phases, job, done);
    });
}

void Jobs::end(const std::string& app, const Job& job, const CallReply& reply) {
    Line& line = lines_.at(app);
    auto pending = line.pending.extract(job.ticket);
    line.queue.end_running();
    waits_.remove(job.ticket);
    for (const Waiter& waiter : pending.mapped().waiters) waiter.done(reply);
    const auto found = lines_.find(app);
    if (found == lines_.end()) return;
    if (found->second.queue.idle()) {
        lines_.erase(found);
    } else {
        pump(app, reply ? std::optional(job.kind) : std::nullopt);
    }
}

bool Jobs::busy(const std::string& app) const {
    const auto found = lines_.find(app);
    return found != lines_.end() && !found->second.queue.idle();
}

}  // namespace comar
