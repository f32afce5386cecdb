// SPDX-License-Identifier: MIT
#include "core/job_queue.h"

#include <algorithm>

namespace comar {

std::optional<Ticket> JobQueue::joinable(JobKind kind) const {
    if (!waiting_.empty()) {
        const Job& last = waiting_.back();
        return merged(last.kind, kind) ? std::optional(last.ticket) : std::nullopt;
    }
    if (running_ && satisfies(running_->kind, kind)) return running_->ticket;
    return std::nullopt;
}

JobQueue::Submitted JobQueue::submit(JobKind kind) {
    if (const auto joined = joinable(kind)) {
        if (!waiting_.empty()) waiting_.back().kind = *merged(waiting_.back().kind, kind);
        return {*joined, true};
    }
    waiting_.push_back({tickets_.next(), kind});
    return {waiting_.back().ticket, false};
}

std::optional<Job> JobQueue::begin_next() {
    if (running_ || waiting_.empty()) return std::nullopt;
    running_ = waiting_.front();
    waiting_.pop_front();
    return running_;
}

bool JobQueue::withdraw(Ticket ticket) {
    return std::erase_if(waiting_, [&](const Job& job) { return job.ticket == ticket; }) > 0;
}

std::optional<Ticket> JobQueue::ahead_of(Ticket ticket) const {
    std::optional<Ticket> ahead;
    if (running_) ahead = running_->ticket;
    for (const Job& job : waiting_) {
        if (job.ticket == ticket) return ahead;
        ahead = job.ticket;
    }
    return std::nullopt;
}

std::optional<Ticket> JobQueue::behind(Ticket ticket) const {
    for (const Job& job : waiting_) {
        if (ahead_of(job.ticket) == ticket) return job.ticket;
    }
    return std::nullopt;
}

}  // namespace comar
