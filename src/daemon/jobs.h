// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/job_queue.h"
#include "core/wait_graph.h"
#include "daemon/calls.h"
#include "daemon/service.h"

namespace comar {

/// What comes before and after a method of a job, beyond its script: supervision.
class JobSteps {
public:
    using Then = std::function<void(CallReply)>;

    virtual ~JobSteps() = default;

    /// Calls `then` once, now or later. An error keeps the method from running. `request.parent` is
    /// the job, or what called it: whatever is asked for meanwhile is on its behalf.
    virtual void before(const CallRequest& request, JobKind method, Then then) = 0;
    /// Does the method without its script, where nothing else comes of it. False: it has to run.
    /// Else `answered` is called once; with nothing it has to run after all.
    virtual bool do_directly(const CallRequest& request, JobKind method,
                             std::function<void(std::optional<CallReply>)> answered) = 0;
    /// The script has answered; `then` gets what the job's callers get.
    virtual void after(const CallRequest& request, JobKind method, CallReply reply, Then then) = 0;
    /// Why a stop that is asked for while it starts cannot be done, as things are.
    [[nodiscard]] virtual std::optional<CallError> objection(const CallRequest& stop) const = 0;
    /// While it starts, somebody has asked for its stop or restart, Jobs::behind(): what only waits
    /// need not wait any more. A start that ends with the error restarts_instead() for it is not
    /// over for its callers: they get what the restart gives.
    virtual void overtaken(const std::string& app) = 0;
};

/// The wanted changes of all services, one at a time for each (DESIGN, "Inside comard"). Whoever
/// wants a change, a client, a script or comard itself, comes through here.
class Jobs {
public:
    using Done = std::function<void(CallReply)>;
    /// Null: no such service is registered.
    using FindService = std::function<Service*(const std::string& app)>;

    /// All of them outlive the jobs.
    Jobs(Calls& calls, WaitGraph& waits, TicketCounter& tickets, FindService find_service,
         JobSteps& steps)
        : calls_(calls),
          waits_(waits),
          tickets_(tickets),
          find_service_(std::move(find_service)),
          steps_(steps) {}

    /// Submits a job on behalf of `request` (its method is ignored); `done` is called once.
    void submit(JobKind kind, CallRequest request, Done done);

    /// The request with this id is wanted no more: it gets the error Cancelled. A job that nobody
    /// else waits for is withdrawn, or ended where it runs. False: there is no such request.
    bool cancel(std::uint64_t id);

    /// The same for one of this service, but what runs goes on.
    void withdraw_if_waiting(const std::string& app, std::uint64_t id);

    /// Withdraws all that do not run yet: they fail with Cancelled, for comard is stopping.
    void cancel_waiting();

    /// `done` is called when no start of this service runs or waits, on behalf of `parent`. At once
    /// where that would close a circle: who only comes after another does not wait for ever.
    void await_start(const std::string& app, std::optional<Ticket> parent,
                     std::function<void()> done);

    /// Whether a job that runs or waits starts it, and none stops it afterwards.
    [[nodiscard]] bool is_starting(const std::string& app) const;
    /// Whether a job that runs or waits stops it, and none starts it afterwards.
    [[nodiscard]] bool is_stopping(const std::string& app) const;
    /// Whether a request for this on behalf of `parent` would wait for something that waits for
    /// `parent`.
    [[nodiscard]] bool would_close_circle(const std::string& app, JobKind kind,
                                          Ticket parent) const;
    /// The job of this kind that waits until the one that runs is over; null: none does.
    [[nodiscard]] const CallRequest* behind(const std::string& app, JobKind kind) const;
    /// For a start that gives way to a restart.
    [[nodiscard]] static CallError restarts_instead(const std::string& app);
    [[nodiscard]] static bool gave_way(const CallReply& reply);
    /// Whether a job of this service runs or waits.
    [[nodiscard]] bool busy(const std::string& app) const;

private:
    struct Waiter {
        std::uint64_t id;  ///< of the request; 0: it cannot be cancelled
        Done done;
    };
    struct Pending {
        CallRequest request;  ///< of whoever asked first
        std::vector<Waiter> waiters;
        bool queued_behind = false;  ///< another job ran when this one was asked for
    };
    struct Line {
        explicit Line(TicketCounter& tickets) : queue(tickets) {}
        JobQueue queue;
        std::map<Ticket, Pending> pending;

        [[nodiscard]] bool has_room(bool for_another_job) const;
        /// The job that the request with this id waits for.
        [[nodiscard]] std::optional<Ticket> job_for(std::uint64_t id) const;
    };

    [[nodiscard]] bool is_needless(JobKind kind, const CallRequest& request) const;
    static void join(Pending& pending, CallRequest request);
    [[nodiscard]] bool hand_over(Line& line, const Job& job, const CallReply& reply);
    void submit_queued(Line& line, JobKind kind, CallRequest request, Done done);
    Result<Ticket> take_place(Line& line, JobKind kind, const CallRequest& request);
    void pump(const std::string& app, std::optional<JobKind> started_before);
    void run_phases(CallRequest request, std::vector<JobKind> phases, std::optional<Ticket> job,
                    Done done);
    void run_phase(CallRequest request, std::vector<JobKind> phases, std::optional<Ticket> job,
                   Done done);
    /// What the same job does after a method.
    enum class Next { nothing, start };
    void run_method(const CallRequest& request, JobKind method, Next next,
                    std::optional<Ticket> job, const Done& done);
    void run_script(const CallRequest& request, JobKind method, std::optional<Ticket> job,
                    const Done& ended);
    void end(const std::string& app, const Job& job, const CallReply& reply);
    void withdraw(Line& line, Ticket job);
    void cancel_one(const std::string& app, Ticket job, std::uint64_t id);
    void drop_idle(const std::string& app);

    Calls& calls_;
    WaitGraph& waits_;
    TicketCounter& tickets_;
    FindService find_service_;
    JobSteps& steps_;
    std::map<std::string, Line> lines_;
};

}  // namespace comar
