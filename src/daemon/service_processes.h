// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/result.h"
#include "loop/change_watch.h"
#include "loop/child_watch.h"
#include "loop/io_watch.h"
#include "loop/loop.h"
#include "os/cgroup.h"
#include "os/process.h"

namespace comar {

/// The processes of one service: those in its cgroup, or where there is none, those that were
/// reported with all below them. Knows when the last one is gone.
class ServiceProcesses {
public:
    struct Events {
        /// The last process is gone. May come more than once.
        std::function<void()> emptied;
        /// One that was adopted has ended, and how if it was a child of comard.
        std::function<void(const ProcessId&, std::optional<ExitStatus>)> exited;
    };

    /// `orphans` tells which children of comard nobody has claimed yet (those that hung below a
    /// process that has just ended), if they began at `since` or later: in the unit of
    /// ProcessId::start_time. An error: nobody can see that now.
    using Orphans = std::function<Result<std::vector<ProcessId>>(std::uint64_t since)>;
    /// Whether this process reaps its children for comard and tells how they ended.
    using Reaps = std::function<bool(pid_t)>;
    /// Whether this process is known to be another service's, or of comard's own.
    using Taken = std::function<bool(const ProcessId&)>;

    ServiceProcesses(Loop& loop, ChildWatch& children, Orphans orphans, Reaps reaps, Taken taken,
                     Events events);
    ServiceProcesses(const ServiceProcesses&) = delete;
    ServiceProcesses& operator=(const ServiceProcesses&) = delete;
    ~ServiceProcesses();

    /// From here on the cgroup tells what belongs to the service.
    Result<> use_cgroup(const std::string& parent, const std::string& name);
    /// Empty: none.
    [[nodiscard]] std::string cgroup_path() const;
    /// Forgets a cgroup that somebody has removed; it held nothing. Removes one that was killed.
    void check_cgroup();

    /// Adds a process that the service is known to have, and hears of its end. One that has ended
    /// already is heard of too, if it was a child of `reaper`, which tells how those end.
    void adopt(const ProcessId& id, pid_t reaper = 0);

    /// The same for a child of comard, which hears of its end anyway.
    void adopt_child(const ProcessId& id);

    /// The same for one that may not be in the cgroup yet: moves it there, with all below it.
    /// Nothing of what is taken moves.
    void claim(const ProcessId& id);

    /// Workers that run a call of the service: in its cgroup, but not of it.
    void exclude(const ProcessId& worker) { excluded_.insert(worker.pid); }
    void include(const ProcessId& worker);
    /// Kills a worker of a comard that is gone, and leaves it out until it has ended.
    void expel(const ProcessId& worker);

    /// Without a cgroup: looks for what hung below those that have ended just now, whose end has
    /// not been told yet, or of whom it could not be seen when it was.
    void find_orphans();
    /// There may be some that nobody can see, for want of descriptors.
    [[nodiscard]] bool may_have_more() const;

    /// The process that reaped some of ours has ended, and what it did not tell nobody knows.
    void miss_exits();

    /// In a cgroup: how those ended that nobody knew by then and that began after `first`, told
    /// once.
    [[nodiscard]] std::vector<ExitStatus> take_unknown_ends(const ProcessId& first);

    /// Of one that was adopted: whether it has not ended, even if its end is still to be told.
    [[nodiscard]] bool lives(const ProcessId& id) const;

    /// All that live now, sorted by pid.
    [[nodiscard]] std::vector<ProcessId> all() const;
    [[nodiscard]] bool alive() const;
    /// Those that were adopted and live: enough to know the service again without a cgroup.
    [[nodiscard]] std::vector<ProcessId> adopted() const;
    [[nodiscard]] bool has_adopted(const ProcessId& id) const {
        const auto found = adopted_.find(id.pid);
        return found != adopted_.end() && found->second.id == id;
    }

    /// Signals one of them. That it has exited already is as good.
    void signal(const ProcessId& id, int signo) const;
    /// SIGKILL to all in its cgroup, whatever they fork meanwhile; nothing where there is none.
    void kill_all();

    /// Whether it is one of all().
    [[nodiscard]] bool has(const ProcessId& id) const;

    [[nodiscard]] std::uint64_t memory_bytes() const;
    [[nodiscard]] std::chrono::microseconds cpu_time() const;

    /// Removes the cgroup, if it is empty; or else it is returned.
    std::optional<Cgroup> release();

private:
    struct Adopted {
        ProcessId id;
        pid_t parent = 0;  ///< when it was adopted
        std::optional<Process> process;
        std::optional<IoWatch> watch;
    };

    void adopt_ended(const ProcessId& id, pid_t reaper);
    void adopt_orphans_of(const ProcessId& ended) { adopt_orphans_since(ended.start_time); }
    void adopt_orphans_since(std::uint64_t since);
    void look_again_since(std::uint64_t since);
    void await_exit(const ProcessId& id, pid_t reaper);
    [[nodiscard]] bool exit_is_told(const Adopted& one) const;
    /// Whether we hear how the children of that process end.
    [[nodiscard]] bool tells_exits(pid_t parent) const;
    void on_exit(pid_t pid, std::optional<ExitStatus> status);
    /// The end of some will be told, or of a worker, and looked into then.
    [[nodiscard]] bool is_expecting() const;
    void check_empty();
    [[nodiscard]] bool cgroup_is_empty() const;
    /// An error: nobody can see who they are.
    [[nodiscard]] Result<std::vector<ProcessId>> living_in_cgroup() const;

    Loop& loop_;
    ChildWatch& children_;
    Orphans orphans_;
    Reaps reaps_;
    Taken taken_;
    Events events_;
    std::optional<Cgroup> cgroup_;
    UniqueFd cgroup_events_;
    /// The same file, for looks between: reading what is watched would take its news away.
    UniqueFd cgroup_look_;
    /// The last iteration of the loop in which it was found empty. Asked again and again about one
    /// that has just ended, it has nothing else to say in the same one.
    mutable std::optional<std::uint64_t> empty_in_;
    std::optional<ChangeWatch> cgroup_watch_;
    /// It was killed (cgroup.kill), or may have been by an earlier comard. Newer kernels (6.18)
    /// kill whatever is cloned into it after that, from a cgroup that was not.
    bool may_be_deadly_ = false;
    std::map<pid_t, Adopted> adopted_;
    /// What those have left that began then or later could not be looked at.
    std::optional<std::uint64_t> unseen_since_;
    std::set<pid_t> excluded_;
    std::map<pid_t, Adopted> expelled_;
};

}  // namespace comar
