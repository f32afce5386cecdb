// SPDX-License-Identifier: MIT
#include "daemon/calls.h"

#include <algorithm>
#include <utility>

#include "core/fault_point.h"

namespace comar {
namespace {

using nlohmann::json;

std::string text_of(const json& message, const char* key) {
    const auto found = message.find(key);
    return found != message.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<ProcessId> process_of(const json& message) {
    const auto pid = message.find("pid");
    const auto start = message.find("start_time");
    if (pid == message.end() || start == message.end() || !pid->is_number_integer() ||
        !start->is_number_integer()) {
        return std::nullopt;
    }
    return ProcessId{pid->get<pid_t>(), start->get<std::uint64_t>()};
}

/// Scripts that call each other without end would use up all processes; a circle of jobs is found
/// by itself, but status() may call status() for ever.
constexpr std::size_t max_depth = 32;

/// What call(timeout=) asks for; nothing: no limit.
std::optional<std::chrono::milliseconds> timeout_of(const json& message) {
    constexpr double a_day = 86'400;
    const auto timeout = message.find("timeout");
    if (timeout == message.end() || !timeout->is_number()) return std::nullopt;
    const double seconds = timeout->get<double>();
    if (!(seconds >= 0)) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::min(seconds, a_day) * 1000));
}

bool asks(const std::string& op) {
    return op == "call" || op == "lock" || op == "set_state" || op == "owner";
}

json reply_message(const CallReply& reply) {
    if (reply) return {{"op", "reply"}, {"value", *reply}};
    return {{"op", "reply"},
            {"error", {{"name", reply.error().name}, {"message", reply.error().message}}}};
}

}  // namespace

bool only_reads(const CallRequest& request) {
    return request.internal || (request.model == "System.Service" &&
                                (request.method == "info" || request.method == "status"));
}

Calls::Calls(Loop& loop, WorkerPool& pool, WaitGraph& waits, TicketCounter& tickets,
             CallHandler& handler, Limits limits)
    : loop_(loop),
      pool_(pool),
      waits_(waits),
      tickets_(tickets),
      handler_(handler),
      limits_(limits),
      queue_(limits.queue),
      locks_(waits,
             [this](Ticket call, Ticket ancestor) { return waits_.reaches(ancestor, call); }) {}

void Calls::run(CallRequest request, std::optional<Ticket> carries_out, Done done) {
    Entry entry;
    entry.request = std::move(request);
    entry.done = std::move(done);
    const Ticket ticket = add(std::move(entry));
    // A new call waits for nothing, so these cannot close a circle.
    if (carries_out) (void)waits_.wait(*carries_out, ticket);
    if (const auto parent = find(ticket)->request.parent) (void)waits_.wait(*parent, ticket);
    enqueue(ticket);
}

void Calls::converse(CallRequest request, json message, Item item, Done done) {
    Entry entry;
    entry.request = std::move(request);
    if (const auto items = message.find("items"); items != message.end()) {
        for (const json& one : *items) entry.others.push_back(text_of(one, "app"));
        if (!entry.others.empty()) entry.others.pop_front();
    }
    entry.message = std::move(message);
    entry.item = std::move(item);
    entry.done = std::move(done);
    enqueue(add(std::move(entry)));
}

void Calls::cancel_all() {
    std::vector<Ticket> tickets;
    for (const auto& [ticket, entry] : entries_) tickets.push_back(ticket);
    for (const Ticket ticket : tickets) cancel(ticket, "comard is stopping");
}

bool Calls::cancel(std::uint64_t id) {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [id](const auto& item) {
        return item.second.request.id == id && !item.second.answered;
    });
    if (id == 0 || found == entries_.end()) return false;
    cancel(found->first, "its caller has cancelled it");
    return true;
}

void Calls::caller_gone(const std::string& caller) {
    std::vector<Ticket> tickets;
    for (const auto& [ticket, entry] : entries_) {
        const CallRequest& request = entry.request;
        if (request.ends_with_caller && request.caller == caller) tickets.push_back(ticket);
    }
    for (const Ticket ticket : tickets) cancel(ticket, "its caller has gone");
}

void Calls::cancel(Ticket ticket, const std::string& why) {
    Entry* entry = find(ticket);
    if (entry == nullptr) return;
    const std::string text = "cannot finish " + entry->request.label() + ": " + why;
    if (entry->running) {
        entry->running->end({"Cancelled", text});
    } else {
        finish(ticket, error_reply("Cancelled", text));
    }
}

Ticket Calls::add(Entry entry) {
    const Ticket ticket = tickets_.next();
    waits_.add(ticket, entry.request.label());
    entries_.emplace(ticket, std::move(entry));
    return ticket;
}

void Calls::enqueue(Ticket ticket) {
    Entry& entry = *find(ticket);
    if (entry.request.parent) {
        queue_.admit();
        return begin(ticket);
    }
    const CallQueue::Origin origin{entry.request.caller, entry.request.user};
    if (auto queued = queue_.push(origin, ticket); !queued) {
        entry.place = Place::over;
        return finish(ticket, error_reply("Busy", "cannot run " + entry.request.label() + ": " +
                                                      queued.error().message));
    }
    pump();
}

void Calls::pump() {
    // A call that fails at once comes here again; the loop below goes on with the next one, and
    // the stack does not grow with the queue.
    if (std::exchange(pumping_, true)) return;
    while (const auto next = queue_.next()) begin(*next);
    pumping_ = false;
}

void Calls::begin(Ticket ticket) {
    find(ticket)->place = Place::running;
    pool_.acquire(
        ticket, [this, ticket](Result<Worker> worker) { on_worker(ticket, std::move(worker)); },
        find(ticket)->request.parent.has_value());
}

void Calls::on_worker(Ticket ticket, Result<Worker> worker) {
    Entry* entry = find(ticket);
    if (entry == nullptr) return;
    if (!worker) {
        const char* name = pool_.is_shut_down() ? "Cancelled" : "Internal";
        return finish(ticket, error_reply(name, worker.error().message));
    }
    CallReply message = entry->message;
    if (message->is_null()) message = handler_.request_message(entry->request);
    if (!message) return finish(ticket, std::move(message));
    entry->message = json();
    // Its first question, and nearly always the answer; it comes back with the call's end.
    if (!entry->item && handler_.is_synchronized(entry->request)) {
        (*message)["locked"] = locks_.try_lock(entry->request.app, ticket);
    }
    const ProcessId id = worker->id;
    entry->running = std::make_unique<RunningCall>(
        loop_, pool_, std::move(*worker), entry->request.method + " of " + entry->request.app,
        limit_of(entry->request, *message),
        RunningCall::Events{[this, ticket](const json& said) { on_message(ticket, said); },
                            [this, ticket](CallReply reply, const std::vector<ProcessId>& left) {
                                on_answered(ticket, std::move(reply), left);
                            },
                            [this, ticket] { on_gone(ticket); }});
    handler_.worker_began(entry->request, id);
    fault_point(entry->request.method, "worker");
    entry->running->begin(*message);
    fault_point(text_of(*message, "method"), "sent");
}

void Calls::on_message(Ticket ticket, const json& message) {
    Entry* entry = find(ticket);
    if (entry == nullptr || entry->answered) return;
    const std::string op = text_of(message, "op");
    if (asks(op)) return on_question(ticket, op, message);
    if (op == "unlock") return grant(locks_.unlock(entry->request.app, ticket));
    if (op == "notify") return handler_.notify(entry->request, message);
    if (op == "process") return on_process(*entry, message);
    if (op == "follow") return on_follow(*entry, message);
    if (op == "item" && entry->item) return on_item(*entry, ticket, message);
}

void Calls::on_question(Ticket ticket, const std::string& op, const json& message) {
    Entry& entry = *find(ticket);
    if (entry.asking) {
        return entry.running->end({"Internal", "cannot finish " + entry.request.label() +
                                                   ": its script asked for two things at once"});
    }
    entry.asking = true;
    ++entry.question;
    if (op == "call") return on_call(ticket, message);
    if (op == "lock") return on_lock(ticket);
    if (op == "set_state") return on_set_state(ticket, message);
    on_owner(ticket, message);
}

/// One of the scripts of a conversation is done, and the next one begins.
void Calls::on_item(Entry& entry, Ticket ticket, const json& message) {
    entry.running->restart_clock();
    grant(locks_.forget(ticket));
    if (!entry.others.empty()) {
        entry.request.app = std::move(entry.others.front());
        entry.others.pop_front();
    }
    entry.item(message);
}

void Calls::on_call(Ticket ticket, const json& message) {
    Entry& entry = *find(ticket);
    CallRequest nested;
    nested.app = text_of(message, "app");
    nested.model = text_of(message, "model");
    nested.method = text_of(message, "method");
    nested.arguments = message.value("args", json::array());
    nested.language = entry.request.language;
    nested.sender = entry.request.sender;
    nested.caller = entry.request.caller;
    nested.user = entry.request.user;
    nested.cause =
        nested.method + " asked for by " + entry.request.method + "() of " + entry.request.app;
    nested.left_down = entry.request.left_down;
    nested.in_vain = entry.request.in_vain;
    nested.parent = ticket;
    nested.depth = entry.request.depth + 1;
    const std::string label = nested.label();
    if (nested.depth > max_depth) {
        return reply(ticket, error_reply("Internal", "cannot call " + label + ": more than " +
                                                         std::to_string(max_depth) +
                                                         " calls wait for each other"));
    }
    const std::uint64_t question = entry.question;
    const auto answer = [this, ticket, question](const CallReply& value) {
        const Entry* asking = find(ticket);
        if (asking != nullptr && asking->question == question) reply(ticket, value);
    };
    // A copy: what follows may end this call.
    handler_.call(CallRequest(entry.request), std::move(nested), answer);
    Entry* asking = find(ticket);
    if (asking == nullptr || asking->question != question) return;
    if (const auto limit = timeout_of(message)) {
        asking->question_timer.emplace(loop_, [answer, label, limit] {
            answer(error_reply("TimedOut", "cannot wait longer for " + label + " than " +
                                               std::to_string(limit->count()) + " ms"));
        });
        asking->question_timer->arm(*limit);
    }
    block(ticket);
}

void Calls::on_lock(Ticket ticket) {
    Entry& entry = *find(ticket);
    auto locked = locks_.lock(entry.request.app, ticket);
    if (!locked) return reply(ticket, error_reply("Deadlock", locked.error().message));
    if (*locked == ScriptLocks::Answer::granted) return reply(ticket, json());
    block(ticket);
}

void Calls::on_set_state(Ticket ticket, const json& message) {
    Entry& entry = *find(ticket);
    reply(ticket, handler_.set_state(entry.request, text_of(message, "state")));
}

void Calls::on_owner(Ticket ticket, const json& message) {
    const auto process = process_of(message);
    reply(ticket, process ? handler_.owner_of(*process) : json());
}

void Calls::on_process(Entry& entry, const json& message) {
    const auto process = process_of(message);
    if (!process) return;
    if (text_of(message, "role") == "detached") entry.running->keep(*process);
    fault_point(entry.request.method, "process");
    handler_.process_started(entry.request, message);
    fault_point(entry.request.method, "adopted");
}

void Calls::on_follow(Entry& entry, const json& message) {
    if (auto pipe = entry.running->take_fd()) {
        handler_.follow(entry.request, text_of(message, "stream"), std::move(*pipe));
    }
}

void Calls::on_answered(Ticket ticket, CallReply reply, const std::vector<ProcessId>& left) {
    Entry* entry = find(ticket);
    if (entry == nullptr) return;
    // A conversation is not about one service, so what it leaves is nobody's.
    if (!entry->item) handler_.left_behind(entry->request, left);
    if (!entry->item && reply) handler_.returned(entry->request);
    finish(ticket, std::move(reply));
}

void Calls::on_gone(Ticket ticket) {
    const auto found = entries_.find(ticket);
    if (found == entries_.end()) return;
    // RunningCall calls this as its last deed, but must not be destroyed inside it.
    auto running = std::shared_ptr<RunningCall>(std::move(found->second.running));
    const CallRequest request = std::move(found->second.request);
    entries_.erase(found);
    handler_.worker_gone(request, running->worker(), running->crashed());
    loop_.defer([running] {});
}

/// The call has its answer: all it held goes back before anybody hears of it.
void Calls::finish(Ticket ticket, CallReply reply) {
    Entry& entry = *find(ticket);
    if (entry.answered) return;
    entry.answered = true;
    entry.question_timer.reset();
    ++entry.question;
    leave_queue(ticket, entry);
    pool_.cancel(ticket);
    grant(locks_.forget(ticket));
    waits_.remove(ticket);
    const Done done = std::move(entry.done);
    if (!entry.running) entries_.erase(ticket);
    done(std::move(reply));
    pump();
}

void Calls::leave_queue(Ticket ticket, Entry& entry) {
    switch (std::exchange(entry.place, Place::over)) {
        case Place::waiting:
            queue_.withdraw(ticket);
            return;
        case Place::running:
            return queue_.ended();
        case Place::blocked:
            return queue_.ended_blocked();
        case Place::over:
            return;
    }
}

/// The script waits for an answer: its time stands still, and its place is free for others.
void Calls::block(Ticket ticket) {
    Entry& entry = *find(ticket);
    entry.running->pause_clock();
    entry.place = Place::blocked;
    queue_.blocked();
    pump();
}

void Calls::reply(Ticket ticket, const CallReply& value) {
    Entry* entry = find(ticket);
    if (entry == nullptr || entry->answered) return;
    entry->asking = false;
    ++entry->question;
    entry->question_timer.reset();
    waits_.stop_waiting_for_answers(ticket);
    if (entry->place == Place::blocked) {
        entry->place = Place::running;
        queue_.resumed();
        entry->running->resume_clock();
    }
    entry->running->send(reply_message(value));
}

void Calls::grant(const std::vector<Ticket>& tickets) {
    for (const Ticket ticket : tickets) reply(ticket, json());
}

std::chrono::milliseconds Calls::limit_of(const CallRequest& request, const json& message) const {
    if (text_of(message, "op") == "check") return limits_.check;
    return only_reads(request) ? limits_.read : limits_.change;
}

Calls::Entry* Calls::find(Ticket ticket) {
    const auto found = entries_.find(ticket);
    return found == entries_.end() ? nullptr : &found->second;
}

}  // namespace comar
