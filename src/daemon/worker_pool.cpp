// SPDX-License-Identifier: MIT
#include "daemon/worker_pool.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <nlohmann/json.hpp>

#include "daemon/environment.h"
#include "os/memory.h"
#include "os/proc_scan.h"
#include "os/spawn.h"
#include "os/system_error.h"

namespace comar {
namespace {

using nlohmann::json;

constexpr int control_fd = 3;
/// Forking takes milliseconds, and loading Python less than a second. A host that was stopped, or
/// hangs in a slow file system, would hold up every call.
constexpr std::chrono::seconds longest_fork{30};
constexpr std::size_t max_forking = 2;
constexpr std::size_t workers_a_processor = 2;
constexpr std::chrono::milliseconds growth_interval{20};
/// A burst of calls leaves many workers; more than these are not worth their memory.
constexpr std::size_t max_idle = 8;

ExitStatus from_wait_status(int status) {
    if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
    return {WEXITSTATUS(status), 0};
}

struct ControlMessage {
    json body;
    std::optional<UniqueFd> fd;
};

/// One message of the host. Empty: none is there. An error: the host is gone.
Result<std::optional<ControlMessage>> receive(int socket) {
    std::array<char, 4096> text;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control;
    iovec part{text.data(), text.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t size = ::recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
    if (size < 0) return system_failure("hear from the script host");
    if (size == 0)
        return failure(ErrorKind::unavailable, "cannot hear from the script host: it ended");
    ControlMessage message;
    const cmsghdr* item = CMSG_FIRSTHDR(&header);
    if (item != nullptr && item->cmsg_type == SCM_RIGHTS) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(item), sizeof(int));
        message.fd.emplace(fd);
    }
    message.body = json::parse(text.begin(), text.begin() + size, nullptr, false);
    return message;
}

}  // namespace

WorkerPool::WorkerPool(Loop& loop, ChildWatch& children, Options options)
    : loop_(loop),
      children_(children),
      options_(std::move(options)),
      few_(workers_a_processor * std::max(1U, std::thread::hardware_concurrency())),
      idle_timer_(loop, [this] { let_go(); }),
      hang_timer_(loop, [this] { host_hangs(); }),
      growth_timer_(loop, [this] { grow(); }) {}

void WorkerPool::acquire(Ticket who, Taker taker, bool urgent) {
    if (auto ready = ensure_host(); !ready) {
        taker(Failure(std::move(ready.error())));
        return;
    }
    idle_timer_.arm(options_.idle);
    const bool may_begin = urgent || (waiting_.empty() && workers_.size() - idle_.size() < few_);
    if (!idle_.empty() && may_begin) {
        Worker worker = std::move(idle_.back());
        idle_.pop_back();
        taker(std::move(worker));
    } else {
        waiting_.push_back({who, std::move(taker), urgent});
    }
    refill();
}

void WorkerPool::put_back(Worker worker) {
    idle_timer_.arm(options_.idle);
    ++returned_;
    if (!shut_down_) hand_over(std::move(worker));
}

/// To whoever waits longest, or else to those that wait for work.
void WorkerPool::hand_over(Worker worker) {
    if (waiting_.empty()) {
        // Without its socket a worker exits.
        if (idle_.size() < std::max(max_idle, options_.spare)) idle_.push_back(std::move(worker));
        return;
    }
    // Those that others wait for, first.
    auto next = std::find_if(waiting_.begin(), waiting_.end(),
                             [](const Waiting& one) { return one.urgent; });
    if (next == waiting_.end()) next = waiting_.begin();
    const Taker taker = std::move(next->taker);
    waiting_.erase(next);
    taker(std::move(worker));
}

void WorkerPool::cancel(Ticket who) {
    std::erase_if(waiting_, [&](const Waiting& one) { return one.who == who; });
}

void WorkerPool::on_exit(pid_t worker, ExitCallback callback) {
    exit_callbacks_[worker] = std::move(callback);
}

std::vector<ProcessId> WorkerPool::processes() const {
    std::vector<ProcessId> all;
    if (host_) all.push_back(host_->id);
    for (const auto& [pid, id] : workers_) all.push_back(id);
    return all;
}

void WorkerPool::shut_down() {
    shut_down_ = true;
    fail_waiting("comard is stopping");
    let_go();
}

bool WorkerPool::is_gone() const {
    const auto own = children(::getpid()).value_or(std::vector<ProcessId>{});
    return std::none_of(own.begin(), own.end(), [this](const ProcessId& id) {
        const auto program = read_executable(id.pid);
        return program && program->path == options_.program;
    });
}

Result<> WorkerPool::ensure_host() {
    if (shut_down_) {
        return failure(ErrorKind::unavailable, "cannot run scripts: comard is stopping");
    }
    return host_ ? Result<>() : start_host();
}

Result<> WorkerPool::start_host() {
    std::array<int, 2> pair{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) {
        return system_failure("create a socket for the script host");
    }
    UniqueFd ours(pair[0]);
    const UniqueFd theirs(pair[1]);
    SpawnRequest request;
    request.arguments = {options_.program, "serve", std::to_string(control_fd), COMAR_VERSION};
    request.environment = clean_environment();
    request.directory = "/";
    request.output = STDERR_FILENO;
    request.descriptors = {{theirs.get(), control_fd}};
    request.new_session = true;
    request.parent_death_signal = SIGKILL;
    auto child = spawn(request);
    if (!child) return Failure(std::move(child.error()).while_trying("start the script host"));
    // comard itself needs many descriptors; programs that use select(2) break on such a limit.
    if (options_.descriptors) {
        (void)::prlimit(child->id.pid, RLIMIT_NOFILE, &*options_.descriptors, nullptr);
    }
    auto watch =
        IoWatch::create(loop_, ours.get(), EPOLLIN, [this](std::uint32_t) { read_control(); });
    if (!watch) return Failure(std::move(watch.error()));
    host_.emplace(Host{child->id, std::move(ours), std::move(*watch), 0, false});
    children_.on_exit(child->id.pid, [this](const ReapedChild& exited) {
        if (host_ && host_->id.pid == exited.pid) {
            // Its last words, how others ended, may still be in the socket.
            read_control();
            if (host_) host_lost("it ended with " + to_string(exited.status));
        }
        loop_.defer([this] { miss_workers(); });
    });
    return {};
}

/// Keeps the spare workers ready. Where calls wait, forking one for each would take longer than
/// waiting for those that run: beyond some for each processor, more are forked only while none
/// comes back.
void WorkerPool::refill() {
    if (!host_) return;
    fork_workers(wanted_forks());
    expect_worker();
    watch_growth();
}

std::size_t WorkerPool::wanted_forks() const {
    const auto urgent = static_cast<std::size_t>(std::count_if(
        waiting_.begin(), waiting_.end(), [](const Waiting& one) { return one.urgent; }));
    const std::size_t all = workers_.size() + host_->forking;
    const std::size_t room = few_ > all ? few_ - all : 0;
    const std::size_t at_hand = idle_.size() + host_->forking;
    const std::size_t at_once =
        waiting_.empty() ? options_.spare : std::min(waiting_.size(), room + at_hand);
    const std::size_t wanted = std::max(urgent, at_once);
    return wanted > at_hand ? wanted - at_hand : 0;
}

void WorkerPool::watch_growth() {
    if (waiting_.empty()) return growth_timer_.disarm();
    if (growth_timer_.armed()) return;
    returned_before_ = returned_;
    growth_timer_.arm(growth_interval);
}

/// All workers seem to be held up, by slow daemons or by each other.
void WorkerPool::grow() {
    if (!host_ || waiting_.empty()) return;
    if (returned_ == returned_before_) {
        while (!idle_.empty() && !waiting_.empty()) {
            Worker worker = std::move(idle_.back());
            idle_.pop_back();
            hand_over(std::move(worker));
        }
        fork_workers(std::min(waiting_.size(), max_forking));
    }
    expect_worker();
    watch_growth();
}

void WorkerPool::fork_workers(std::size_t count) {
    for (; count > 0 && host_->forking < max_forking; --count) {
        static constexpr std::string_view fork_request = R"({"op": "fork"})";
        const ssize_t sent = ::send(host_->control.get(), fork_request.data(), fork_request.size(),
                                    MSG_DONTWAIT | MSG_NOSIGNAL);
        // A full socket means that enough are on their way; each that comes asks again.
        if (sent < 0) return;
        ++host_->forking;
    }
}

/// The time runs anew with every worker that comes.
void WorkerPool::expect_worker() {
    if (!host_ || host_->forking == 0) return hang_timer_.disarm();
    if (!hang_timer_.armed()) hang_timer_.arm(longest_fork);
}

void WorkerPool::host_hangs() {
    // After a pause of the whole machine its word may wait here.
    read_control();
    if (!host_ || host_->forking == 0 || hang_timer_.armed()) return;
    // Its end is seen like any other.
    signal_process(host_->id, SIGKILL);
    host_lost("it made no worker in " + std::to_string(longest_fork.count()) + " seconds");
}

void WorkerPool::read_control() {
    while (host_) {
        auto message = receive(host_->control.get());
        if (!message) return host_lost("it closed its socket");
        if (!*message) return;
        on_message((*message)->body, std::move((*message)->fd));
    }
}

void WorkerPool::on_message(const json& message, std::optional<UniqueFd> fd) {
    const std::string op = message.is_object() ? message.value("op", "") : "";
    if (op == "worker") {
        on_worker(message, std::move(fd));
    } else if (op == "exited") {
        // A worker, or a program that one has started as its sibling.
        children_.tell({message.value("pid", 0), from_wait_status(message.value("status", 0))});
    } else if (op == "error") {
        if (host_->forking > 0) --host_->forking;
        // Out of processes or memory: those that wait get to know, the next call tries again.
        if (host_->forking == 0 && idle_.empty()) fail_waiting(message.value("message", ""));
    }
}

void WorkerPool::on_worker(const json& message, std::optional<UniqueFd> fd) {
    if (host_->forking > 0) --host_->forking;
    host_->proven = true;
    hang_timer_.disarm();
    if (!fd) return;
    Worker worker{{message.value("pid", 0), message.value("start_time", std::uint64_t{0})},
                  std::move(*fd)};
    workers_[worker.id.pid] = worker.id;
    // When the host dies its workers become our children, and their exits are ours to see.
    children_.on_exit(worker.id.pid, [this](const ReapedChild& exited) {
        worker_ended(exited.pid, exited.status);
    });
    hand_over(std::move(worker));
    refill();
}

void WorkerPool::worker_ended(pid_t pid, ExitStatus status) {
    children_.forget(pid);
    workers_.erase(pid);
    if (std::erase_if(idle_, [&](const Worker& one) { return one.id.pid == pid; }) > 0) refill();
    const auto found = exit_callbacks_.find(pid);
    if (found == exit_callbacks_.end()) return;
    const ExitCallback callback = std::move(found->second);
    exit_callbacks_.erase(found);
    callback(status);
}

/// After the end of a host: what it reaped last it could not tell any more.
void WorkerPool::miss_workers() {
    for (const auto& [pid, id] : std::map(workers_)) {
        const auto stat = read_stat(pid);
        if (!stat || stat->id != id) worker_ended(pid, {});
    }
    if (host_ended_) host_ended_();
}

void WorkerPool::host_lost(const std::string& why) {
    const bool proven = host_ && host_->proven;
    host_.reset();
    hang_timer_.disarm();
    if (waiting_.empty()) return;
    // One that never made a worker would only fail again.
    if (!proven) return fail_waiting("the script host does not work: " + why);
    if (auto started = ensure_host(); !started) return fail_waiting(started.error().message);
    refill();
}

void WorkerPool::fail_waiting(const std::string& why) {
    auto waiting = std::exchange(waiting_, {});
    for (Waiting& one : waiting) {
        one.taker(failure(ErrorKind::unavailable, "cannot run the script: " + why));
    }
}

/// Closing the sockets is all it takes: the host and its idle workers end by themselves.
void WorkerPool::let_go() {
    // A host that takes long to make its first worker is not idle.
    if (!waiting_.empty()) return idle_timer_.arm(options_.idle);
    idle_timer_.disarm();
    hang_timer_.disarm();
    idle_.clear();
    host_.reset();
    give_back_memory();
}

}  // namespace comar
