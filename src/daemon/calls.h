// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "core/call_queue.h"
#include "core/job.h"
#include "core/script_locks.h"
#include "core/wait_graph.h"
#include "daemon/running_call.h"
#include "daemon/worker_pool.h"
#include "loop/loop.h"

namespace comar {

/// Who asked, and for what.
struct CallRequest {
    std::uint64_t id = 0;  ///< to cancel it by; 0: nobody will
    std::string app;
    std::string model;
    std::string method;
    nlohmann::json arguments = nlohmann::json::array();
    std::string language;               ///< of the caller
    std::string sender;                 ///< the caller's name on its bus, for bus_sender()
    std::string caller;                 ///< whose turn it takes in the queue
    std::optional<std::uint32_t> user;  ///< whose account it goes to; empty: of no limits
    std::string cause;                  ///< why, for people: "start asked for by uid 0"
    bool internal = false;              ///< comard asks for a function that no model names
    bool with_dependents = false;       ///< of a stop: those that require it are stopped first
    bool ends_with_caller = false;      ///< it changes nothing, and nobody else hears of it
    bool comes_back = false;            ///< the service is stopped to be started again
    /// Of what a boot or a switch does: those that somebody has stopped meanwhile, and it leaves
    /// so.
    std::shared_ptr<const std::set<std::string>> left_down = nullptr;
    /// Of what a boot or a switch does: what has failed in it, and is not tried again for those who
    /// only want it.
    std::shared_ptr<std::set<std::string>> in_vain = nullptr;
    std::optional<Ticket> parent;  ///< the running call that waits for this one
    std::size_t depth = 0;         ///< how many calls its chain of callers has

    /// "nginx.start": how it is called in circles.
    [[nodiscard]] std::string label() const { return app + "." + method; }
};

/// What the script of a running call asks of comard (docs/protocol.md, "worker → comard").
class CallHandler {
public:
    using Answer = std::function<void(CallReply)>;

    virtual ~CallHandler() = default;

    /// The message that starts the call; an error ends it before it begins.
    virtual CallReply request_message(const CallRequest& call) = 0;
    /// The method runs under its script's lock from its first line to its last.
    [[nodiscard]] virtual bool is_synchronized(const CallRequest& call) const = 0;
    /// `by` asks another script.
    virtual void call(const CallRequest& by, CallRequest nested, Answer answer) = 0;
    virtual void notify(const CallRequest& by, const nlohmann::json& message) = 0;
    virtual CallReply set_state(const CallRequest& by, const std::string& state) = 0;
    /// The service that has this process; null: none that comard knows of.
    virtual nlohmann::json owner_of(const ProcessId& process) = 0;
    virtual void process_started(const CallRequest& by, const nlohmann::json& message) = 0;
    virtual void follow(const CallRequest& by, const std::string& stream, UniqueFd pipe) = 0;
    /// The worker of a call runs from now on, or has ended.
    virtual void worker_began(const CallRequest& by, const ProcessId& worker) = 0;
    /// `crashed`: it could not tell what it has left behind.
    virtual void worker_gone(const CallRequest& by, const ProcessId& worker, bool crashed) = 0;
    /// The method has returned, and without an error.
    virtual void returned(const CallRequest& by) = 0;
    /// What the call has left behind, as its worker says.
    virtual void left_behind(const CallRequest& by, const std::vector<ProcessId>& left) = 0;
};

/// All calls of scripts: which may run now, what they wait for, and their answers.
class Calls {
public:
    using Done = std::function<void(CallReply)>;
    using Item = std::function<void(const nlohmann::json& item)>;

    struct Limits {
        CallQueue::Limits queue;
        std::chrono::milliseconds change{90'000};
        std::chrono::milliseconds read{10'000};
        /// Of a script that is to be registered: it is read, not run.
        std::chrono::milliseconds check{60'000};
    };

    /// All of them outlive the calls.
    Calls(Loop& loop, WorkerPool& pool, WaitGraph& waits, TicketCounter& tickets,
          CallHandler& handler, Limits limits);

    [[nodiscard]] const Limits& limits() const { return limits_; }

    /// Runs one method; `done` is called once, later or before this returns. `carries_out` is the
    /// job that this call is the work of.
    void run(CallRequest request, std::optional<Ticket> carries_out, Done done);

    /// One worker for a message of its own (`poll`, `check`). `item` gets what it says on the way;
    /// each item gives it its time anew, and what it asks for between two items is for the one
    /// that is next in `items` of the message.
    void converse(CallRequest request, nlohmann::json message, Item item, Done done);

    /// Ends every call with the error Cancelled.
    void cancel_all();
    /// Ends the call with this id. False: there is none.
    bool cancel(std::uint64_t id);
    /// Ends what is of no use any more when this caller has gone.
    void caller_gone(const std::string& caller);

    /// Nobody has the lock of this script.
    [[nodiscard]] bool is_unlocked(const std::string& app) const { return locks_.is_free(app); }

    [[nodiscard]] bool idle() const { return entries_.empty(); }

private:
    /// How the call queue counts it.
    enum class Place { waiting, running, blocked, over };

    struct Entry {
        CallRequest request;
        nlohmann::json message;          ///< null: ask the handler
        std::deque<std::string> others;  ///< the apps whose turn comes after that of the request
        Item item;
        Done done;
        std::unique_ptr<RunningCall> running;
        Place place = Place::waiting;
        bool answered = false;
        bool asking = false;         ///< it has asked for something and waits for the reply
        std::uint64_t question = 0;  ///< counts what it asked; late answers are told by it
        std::optional<Timer> question_timer;
    };

    Ticket add(Entry entry);
    void enqueue(Ticket ticket);
    void pump();
    void begin(Ticket ticket);
    void on_worker(Ticket ticket, Result<Worker> worker);
    void on_message(Ticket ticket, const nlohmann::json& message);
    void on_question(Ticket ticket, const std::string& op, const nlohmann::json& message);
    void on_item(Entry& entry, Ticket ticket, const nlohmann::json& message);
    void on_call(Ticket ticket, const nlohmann::json& message);
    void on_lock(Ticket ticket);
    void on_set_state(Ticket ticket, const nlohmann::json& message);
    void on_owner(Ticket ticket, const nlohmann::json& message);
    void on_follow(Entry& entry, const nlohmann::json& message);
    void on_process(Entry& entry, const nlohmann::json& message);
    void on_answered(Ticket ticket, CallReply reply, const std::vector<ProcessId>& left);
    void on_gone(Ticket ticket);
    void finish(Ticket ticket, CallReply reply);
    void block(Ticket ticket);
    void cancel(Ticket ticket, const std::string& why);
    void leave_queue(Ticket ticket, Entry& entry);
    void reply(Ticket ticket, const CallReply& value);
    void grant(const std::vector<Ticket>& tickets);
    [[nodiscard]] std::chrono::milliseconds limit_of(const CallRequest& request,
                                                     const nlohmann::json& message) const;
    Entry* find(Ticket ticket);

    Loop& loop_;
    WorkerPool& pool_;
    WaitGraph& waits_;
    TicketCounter& tickets_;
    CallHandler& handler_;
    Limits limits_;
    CallQueue queue_;
    ScriptLocks locks_;
    std::map<Ticket, Entry> entries_;
    bool pumping_ = false;
};

/// Whether a method only tells something: it is short, and starts nothing that stays.
[[nodiscard]] bool only_reads(const CallRequest& request);

}  // namespace comar
