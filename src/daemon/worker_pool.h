// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/resource.h>

#include <nlohmann/json_fwd.hpp>

#include "core/job.h"
#include "core/result.h"
#include "loop/child_watch.h"
#include "loop/io_watch.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "os/process.h"
#include "os/reap.h"
#include "os/unique_fd.h"

namespace comar {

/// A forked interpreter that waits for a call.
struct Worker {
    ProcessId id;
    UniqueFd socket;
};

/// The script host and the workers that it forks (docs/protocol.md, "Host control"). The host is
/// started by the first call, forks a few workers ahead of the calls, is started anew when it dies,
/// and is let go when nothing was called for a while. Workers outlive their host.
/// Forking a worker costs more than most calls, so one whose call has left nothing behind serves
/// the next one too.
class WorkerPool {
public:
    struct Options {
        std::string program;  ///< comar-script-host
        std::chrono::seconds idle{60};
        std::size_t spare = 2;
        std::optional<rlimit> descriptors;  ///< RLIMIT_NOFILE for scripts and services
    };

    using Taker = std::function<void(Result<Worker>)>;
    using ExitCallback = std::function<void(ExitStatus)>;

    /// Loop and child watch outlive the pool.
    WorkerPool(Loop& loop, ChildWatch& children, Options options);
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// Hands a worker to `taker`, at once or when there is one. Takers are served in order.
    /// `urgent`: another worker waits for this call, so none may come back before it is served.
    void acquire(Ticket who, Taker taker, bool urgent = false);
    /// Its taker is not called any more.
    void cancel(Ticket who);

    /// Takes back a worker that says it is as good as new.
    void put_back(Worker worker);

    void on_exit(pid_t worker, ExitCallback callback);
    /// Called when a host has ended: what it has reaped last and not told is lost.
    void on_host_end(std::function<void()> callback) { host_ended_ = std::move(callback); }
    void forget(pid_t worker) { exit_callbacks_.erase(worker); }

    /// The host and all workers that live: children of comard or to become so, and never a
    /// service's.
    [[nodiscard]] std::vector<ProcessId> processes() const;

    [[nodiscard]] bool is_host(pid_t pid) const { return host_ && host_->id.pid == pid; }

    /// Kills the host and takes no calls any more.
    void shut_down();
    /// After shut_down(): hosts and workers are gone, and have told all that they knew.
    [[nodiscard]] bool is_gone() const;
    [[nodiscard]] bool is_shut_down() const { return shut_down_; }

private:
    struct Waiting {
        Ticket who;
        Taker taker;
        bool urgent;
    };
    struct Host {
        ProcessId id;
        UniqueFd control;
        std::optional<IoWatch> watch;
        std::size_t forking = 0;  ///< workers asked for and not there yet
        bool proven = false;      ///< it has made a worker
    };

    Result<> ensure_host();
    Result<> start_host();
    void refill();
    [[nodiscard]] std::size_t wanted_forks() const;
    void watch_growth();
    void grow();
    void fork_workers(std::size_t count);
    void read_control();
    void on_message(const nlohmann::json& message, std::optional<UniqueFd> fd);
    void on_worker(const nlohmann::json& message, std::optional<UniqueFd> fd);
    void worker_ended(pid_t pid, ExitStatus status);
    void hand_over(Worker worker);
    void miss_workers();
    void expect_worker();
    void host_hangs();
    void host_lost(const std::string& why);
    void fail_waiting(const std::string& why);
    void let_go();

    Loop& loop_;
    ChildWatch& children_;
    Options options_;
    const std::size_t few_;  ///< workers that are worth a fork whenever a call waits
    std::optional<Host> host_;
    std::vector<Worker> idle_;  ///< the last one was used last, so its memory is warm
    std::deque<Waiting> waiting_;
    std::map<pid_t, ProcessId> workers_;
    std::map<pid_t, ExitCallback> exit_callbacks_;
    std::function<void()> host_ended_;
    Timer idle_timer_;
    Timer hang_timer_;
    Timer growth_timer_;
    std::uint64_t returned_ = 0;         ///< how often a worker has come back
    std::uint64_t returned_before_ = 0;  ///< when the growth timer was armed
    bool shut_down_ = false;
};

}  // namespace comar
