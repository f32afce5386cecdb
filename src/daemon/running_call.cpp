// SPDX-License-Identifier: MIT
#include "daemon/running_call.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <utility>

#include <sys/epoll.h>

#include "os/proc_scan.h"

namespace comar {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// A worker that has answered has nothing left to do; this is for one whose script left a thread or
/// an exit handler that hangs.
constexpr auto exit_grace = 2s;
/// Between two looks for processes that a killed tree has made meanwhile.
constexpr auto kill_interval = 10ms;
/// A process that the kernel cannot end (state D) must not keep the caller waiting.
constexpr int max_kill_rounds = 300;

/// A script is glue; one that takes more than this has gone wild. Looked at now and then only, for
/// a limit of the kernel's would be inherited by the services that it starts.
constexpr std::uint64_t max_worker_memory = std::uint64_t{1} << 30;
constexpr auto memory_interval = 200ms;

constexpr int max_last_pieces = 1024;

std::string describe(const ExitStatus& status) {
    return (status.signal != 0 ? "was killed by " : "ended with ") + to_string(status);
}

std::vector<ProcessId> read_left(const json& message) {
    std::vector<ProcessId> left;
    const auto found = message.find("left");
    if (found == message.end() || !found->is_array()) return left;
    for (const json& one : *found) {
        if (one.is_array() && one.size() == 2 && one[0].is_number_integer() &&
            one[1].is_number_integer()) {
            left.push_back({one[0].get<pid_t>(), one[1].get<std::uint64_t>()});
        }
    }
    return left;
}

std::string text_of(const json& message, const char* key) {
    const auto found = message.find(key);
    return found != message.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

RunningCall::RunningCall(Loop& loop, WorkerPool& pool, Worker worker, std::string name,
                         std::chrono::milliseconds limit, Events events)
    : loop_(loop),
      pool_(pool),
      worker_(worker.id),
      channel_(std::move(worker.socket)),
      name_(std::move(name)),
      limit_(limit),
      left_(limit),
      events_(std::move(events)),
      timer_(loop, [this] { on_timer(); }),
      memory_timer_(loop, [this] { check_memory(); }) {
    pool_.on_exit(worker_.pid, [this](ExitStatus status) { on_exit(status); });
}

RunningCall::~RunningCall() {
    if (phase_ == Phase::gone) return;
    pool_.forget(worker_.pid);
    kill_worker();
}

void RunningCall::begin(const json& request) {
    auto watch = IoWatch::create(loop_, channel_.fd(), EPOLLIN,
                                 [this](std::uint32_t events) { on_io(events); });
    if (!watch) return end({"Internal", watch.error().message});
    watch_ = std::move(*watch);
    resume_clock();
    memory_timer_.arm(memory_interval);
    send(request);
}

void RunningCall::send(const json& message) {
    // A worker that is gone shows in its exit, which tells more than the failed write.
    (void)channel_.send(message);
    update_watch();
}

void RunningCall::update_watch() {
    if (watch_) watch_->set_events(channel_.has_unsent() ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void RunningCall::pause_clock() {
    if (!clock_since_ || phase_ != Phase::running) return;
    left_ -= std::chrono::duration_cast<std::chrono::milliseconds>(loop_.now() - *clock_since_);
    clock_since_.reset();
    timer_.disarm();
}

void RunningCall::resume_clock() {
    if (clock_since_ || phase_ != Phase::running) return;
    clock_since_ = loop_.now();
    timer_.arm(std::max(left_, 0ms));
}

void RunningCall::restart_clock() {
    if (phase_ != Phase::running) return;
    left_ = limit_;
    clock_since_ = loop_.now();
    timer_.arm(std::max(left_, 0ms));
}

void RunningCall::end(CallError error) {
    if (phase_ != Phase::running) return;
    phase_ = Phase::killing;
    end_error_ = std::move(error);
    if (watch_) watch_->disable();
    // Stopped, not killed: while it lives, orphans below it stay below it, so none escapes.
    signal_process(worker_, SIGSTOP);
    kill_round();
}

void RunningCall::on_io(std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) {
        (void)channel_.flush();
        update_watch();
    }
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
    auto frames = channel_.receive();
    if (!frames) return end({"Internal", "cannot run " + name_ + ": " + frames.error().message});
    for (const json& frame : *frames) {
        if (phase_ != Phase::running) return;
        on_message(frame);
        // Here alone: one that has ended serves no other call, whatever it said before.
        if (frame.value("again", json()) == json(true)) give_back();
    }
    if (phase_ != Phase::gone && channel_.at_end()) lost_connection();
}

/// Normal after the answer. Before it: the worker ended, which its exit status will explain, or the
/// script closed a descriptor that was not its own.
void RunningCall::lost_connection() {
    if (watch_) watch_->disable();
    if (phase_ != Phase::running) return;
    timer_.arm(exit_grace);
    clock_since_.reset();
    left_ = 0ms;
    end_error_ = {"Internal", "cannot run " + name_ +
                                  ": the script closed its connection to comard and went on"};
}

void RunningCall::on_message(const json& message) {
    const std::string op = text_of(message, "op");
    if (op == "return") {
        answer(message.value("value", json()), read_left(message));
    } else if (op == "error") {
        answer(tl::unexpected(CallError{text_of(message, "name"), text_of(message, "message"),
                                        text_of(message, "reported")}),
               read_left(message));
    } else {
        events_.message(message);
    }
}

/// The worker waits for its next call.
void RunningCall::give_back() {
    if (phase_ != Phase::answered) return;
    auto socket = channel_.release();
    if (!socket) return;
    phase_ = Phase::gone;
    timer_.disarm();
    watch_.reset();
    pool_.forget(worker_.pid);
    WorkerPool& pool = pool_;
    Worker worker{worker_, std::move(*socket)};
    // In this order: the next call of this worker may begin in put_back().
    events_.gone();
    pool.put_back(std::move(worker));
}

void RunningCall::answer(CallReply reply, std::vector<ProcessId> left) {
    if (replied_) return;
    replied_ = true;
    if (phase_ == Phase::running) {
        phase_ = Phase::answered;
        timer_.arm(exit_grace);
    }
    events_.answered(std::move(reply), std::move(left));
}

void RunningCall::on_exit(ExitStatus status) {
    // What it said last may still be in the socket, in as many pieces as a large frame takes. A
    // process that it has forked may hold the other end and go on writing.
    for (int piece = 0; piece < max_last_pieces && phase_ == Phase::running; ++piece) {
        auto frames = channel_.receive();
        if (!frames || (frames->empty() && channel_.drained())) break;
        for (const json& frame : *frames) {
            // After its answer it may ask for nothing more: who would give a lock back?
            if (phase_ == Phase::running) on_message(frame);
        }
    }
    timer_.disarm();
    if (watch_) watch_->disable();
    const bool ended_by_us = phase_ == Phase::killing;
    phase_ = Phase::gone;
    crashed_ = ended_by_us || !replied_;
    if (ended_by_us) {
        answer(tl::unexpected(end_error_), {});
    } else {
        answer(tl::unexpected(CallError{"Internal", "cannot run " + name_ + ": its process " +
                                                        describe(status) + " before it answered"}),
               {});
    }
    events_.gone();
}

void RunningCall::on_timer() {
    switch (phase_) {
        case Phase::running:
            if (end_error_.name.empty()) {
                return end({"TimedOut", "cannot finish " + name_ + ": it takes longer than " +
                                            std::to_string(limit_.count() / 1000) +
                                            " s, the limit in comard.toml"});
            }
            return end(end_error_);
        case Phase::answered:
            return kill_worker();
        case Phase::killing:
            return kill_round();
        case Phase::gone:
            return;
    }
}

void RunningCall::check_memory() {
    if (phase_ != Phase::running) return;
    if (resident_bytes(worker_.pid).value_or(0) > max_worker_memory) {
        return end({"Internal", "cannot finish " + name_ + ": the script uses more than " +
                                    std::to_string(max_worker_memory >> 20) + " MiB of memory"});
    }
    memory_timer_.arm(memory_interval);
}

void RunningCall::kill_round() {
    if (!worker_killed_ && !kill_descendants() && ++kill_rounds_ < max_kill_rounds) {
        return timer_.arm(kill_interval);
    }
    // The second time: the kernel cannot end it (state D), and its caller has waited enough.
    if (std::exchange(worker_killed_, true)) return answer(tl::unexpected(end_error_), {});
    kill_worker();
    timer_.arm(exit_grace);
}

/// True when nothing is left below the worker but what stays.
bool RunningCall::kill_descendants() const {
    const auto below = descendants(worker_.pid);
    if (!below) return true;
    bool none_left = true;
    std::vector<pid_t> staying;
    for (const ProcessId& id : *below) {
        const auto stat = read_stat(id.pid);
        if (!stat || stat->state == 'Z') continue;
        const bool stays = std::find(kept_.begin(), kept_.end(), id) != kept_.end() ||
                           std::find(staying.begin(), staying.end(), stat->parent) != staying.end();
        if (stays) {
            staying.push_back(id.pid);
            continue;
        }
        none_left = false;
        signal_process(id, SIGKILL);
    }
    return none_left;
}

void RunningCall::kill_worker() const { signal_process(worker_, SIGKILL); }

}  // namespace comar
