// SPDX-License-Identifier: MIT
#include "core/job_queue.h"

#include <algorithm>

namespace comar {

JobQueue::Submitted JobQueue::submit(JobKind kind) {
    if (!waiting_.empty()) {
        Job& last = waiting_.back();
        if (const auto both = merged(last.kind, kind)) {
            last.kind = *both;
            return {last.ticket, true};
        }
    } else if (running_ && satisfies(running_->kind, kind)) {
        return {running_->ticket, true};
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

}  // namespace comar
