// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <optional>

#include "core/job.h"

namespace comar {

struct Job {
    Ticket ticket;
    JobKind kind;
};

/// The jobs of one service: at most one runs, the others wait in order. A request that a job
/// already gives joins it, so two callers that want the same get the same answer.
class JobQueue {
public:
    /// `tickets` outlives the queue.
    explicit JobQueue(TicketCounter& tickets) : tickets_(tickets) {}

    struct Submitted {
        Ticket ticket;
        bool joined;  ///< true: the ticket is that of a job that was there before
    };

    /// The job that a request for `kind` would join; nothing where it would be one of its own.
    [[nodiscard]] std::optional<Ticket> joinable(JobKind kind) const;

    /// Joins a job that gives `kind`, or adds one at the end.
    Submitted submit(JobKind kind);

    /// Makes the first waiting job the running one and returns it. Nothing while one runs.
    std::optional<Job> begin_next();

    /// The running job has ended.
    void end_running() { running_.reset(); }

    /// Takes a waiting job out. False: it is not waiting (it runs, or has ended).
    bool withdraw(Ticket ticket);

    [[nodiscard]] const std::optional<Job>& running() const { return running_; }
    [[nodiscard]] const std::deque<Job>& waiting() const { return waiting_; }
    [[nodiscard]] bool idle() const { return !running_ && waiting_.empty(); }

    /// The job that must end before `ticket` runs: the one before it in the queue. Nothing for the
    /// running job and for the first waiting one of a queue where none runs.
    [[nodiscard]] std::optional<Ticket> ahead_of(Ticket ticket) const;
    /// The waiting job after it; nothing for the last one.
    [[nodiscard]] std::optional<Ticket> behind(Ticket ticket) const;

private:
    TicketCounter& tickets_;
    std::optional<Job> running_;
    std::deque<Job> waiting_;
};

}  // namespace comar
