// SPDX-License-Identifier: MIT
#include "daemon/service_processes.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include <sys/epoll.h>

#include <unistd.h>

#include "os/proc_scan.h"

namespace comar {
namespace {

/// Alive, or waiting to be reaped.
bool exists(const ProcessId& id) {
    const auto stat = read_stat(id.pid);
    return stat && stat->id == id;
}

bool is_living(const ProcessId& id) {
    const auto stat = read_stat(id.pid);
    return stat && stat->id == id && stat->state != 'Z' && stat->state != 'X';
}

}  // namespace

ServiceProcesses::ServiceProcesses(Loop& loop, ChildWatch& children, Orphans orphans, Reaps reaps,
                                   Taken taken, Events events)
    : loop_(loop),
      children_(children),
      orphans_(std::move(orphans)),
      reaps_(std::move(reaps)),
      taken_(std::move(taken)),
      events_(std::move(events)) {}

ServiceProcesses::~ServiceProcesses() {
    for (const auto& [pid, one] : adopted_) children_.forget(pid);
}

Result<> ServiceProcesses::use_cgroup(const std::string& parent, const std::string& name) {
    if (cgroup_) return {};
    const bool was_there = ::access((parent + "/" + name).c_str(), F_OK) == 0;
    auto cgroup = Cgroup::create(parent, name);
    if (!cgroup) return Failure(std::move(cgroup.error()));
    auto events = cgroup->watch();
    if (!events) return Failure(std::move(events.error()));
    auto look = cgroup->watch();
    if (!look) return Failure(std::move(look.error()));
    auto watch = ChangeWatch::create(loop_, events->get(), EPOLLPRI, [this] {
        if (is_expecting()) return;
        // A cgroup that somebody removed holds nothing any more.
        if (!is_populated(cgroup_events_.get()).value_or(false)) check_empty();
    });
    if (!watch) return Failure(std::move(watch.error()));
    cgroup_ = std::move(*cgroup);
    may_be_deadly_ = was_there;
    cgroup_events_ = std::move(*events);
    cgroup_look_ = std::move(*look);
    cgroup_watch_ = std::move(*watch);
    return {};
}

std::string ServiceProcesses::cgroup_path() const { return cgroup_ ? cgroup_->path() : ""; }

void ServiceProcesses::check_cgroup() {
    if (!cgroup_) return;
    const bool is_gone = ::access(cgroup_->path().c_str(), F_OK) != 0 && errno == ENOENT;
    if (!is_gone && !(may_be_deadly_ && cgroup_->remove())) return;
    cgroup_watch_.reset();
    cgroup_events_.reset();
    cgroup_look_.reset();
    cgroup_.reset();
}

void ServiceProcesses::adopt(const ProcessId& id, pid_t reaper) {
    if (id.pid <= 0 || excluded_.contains(id.pid) || adopted_.contains(id.pid)) return;
    const auto stat = read_stat(id.pid);
    if (!stat && !is_out_of_sight(stat.error())) look_again_since(id.start_time);
    if (!stat || stat->id != id) return adopt_ended(id, reaper);
    auto process = Process::open(id);
    // A parent that tells nobody may never reap it, as PID 1 of many a container.
    if (!process && !tells_exits(stat->parent)) return adopt_ended(id, reaper);
    await_exit(id, stat->parent > 0 ? stat->parent : reaper);
    // It has ended already; when its parent has too, we reap it and learn how.
    if (!process) return;
    Adopted& one = adopted_[id.pid];
    one.process = std::move(*process);
    // How a child of ours or of the script host ended is told; of others only the end is seen.
    auto watch =
        IoWatch::create(loop_, one.process->pidfd(), EPOLLIN, [this, pid = id.pid](std::uint32_t) {
            const auto found = adopted_.find(pid);
            if (found == adopted_.end()) return;
            found->second.watch->disable();
            if (!exit_is_told(found->second)) on_exit(pid, std::nullopt);
        });
    if (watch) one.watch = std::move(*watch);
}

void ServiceProcesses::adopt_child(const ProcessId& id) {
    const auto ended = children_.take_unclaimed(id.pid);
    await_exit(id, ::getpid());
    // It may have left others, which nobody has looked for yet.
    if (ended) return on_exit(id.pid, ended);
    auto process = Process::open(id);
    if (process) {
        adopted_[id.pid].process = std::move(*process);
    } else if (!exists(id)) {
        // Reaped so long ago that nobody knows how it ended.
        on_exit(id.pid, std::nullopt);
    }
}

/// The word of its end may have been faster than the word of its start.
void ServiceProcesses::adopt_ended(const ProcessId& id, pid_t reaper) {
    if (reaper == 0) return;
    if (const auto status = children_.take_unclaimed(id.pid)) {
        adopt_orphans_of(id);
        events_.exited(id, status);
    } else if (reaps_(reaper)) {
        await_exit(id, reaper);
    }
}

void ServiceProcesses::await_exit(const ProcessId& id, pid_t reaper) {
    empty_in_.reset();
    Adopted& one = adopted_[id.pid];
    one.id = id;
    one.parent = reaper;
    children_.on_exit(id.pid,
                      [this](const ReapedChild& child) { on_exit(child.pid, child.status); });
}

/// Of one that has ended: whether its exit status is known already, or on its way here.
bool ServiceProcesses::exit_is_told(const Adopted& one) const {
    const auto stat = read_stat(one.id.pid);
    // While it is being reaped the kernel tells no parent any more.
    const bool has_parent = stat && stat->id == one.id && stat->parent > 0;
    return tells_exits(has_parent ? stat->parent : one.parent);
}

bool ServiceProcesses::tells_exits(pid_t parent) const {
    // A worker ends soon, and its children are ours then.
    return parent == ::getpid() || reaps_(parent) || excluded_.contains(parent);
}

void ServiceProcesses::claim(const ProcessId& id) {
    if (taken_(id)) return;
    adopt(id);
    // Gone by now, its number may be another's.
    const auto found = adopted_.find(id.pid);
    if (found == adopted_.end() || found->second.id != id || !exists(id)) return;
    if (!cgroup_ || cgroup_->contains(id.pid).value_or(true)) return;
    // What it forks while it moves may stay behind, and is found by the next look.
    constexpr int looks = 3;
    for (int look = 0; look < looks; ++look) {
        (void)cgroup_->add(id.pid);
        for (const ProcessId& below : descendants(id.pid).value_or(std::vector<ProcessId>{})) {
            if (!taken_(below)) (void)cgroup_->add(below.pid);
        }
    }
}

void ServiceProcesses::on_exit(pid_t pid, std::optional<ExitStatus> status) {
    const auto found = adopted_.find(pid);
    if (found == adopted_.end()) return;
    const ProcessId id = found->second.id;
    children_.forget(pid);
    adopted_.erase(found);
    adopt_orphans_of(id);
    events_.exited(id, status);
    check_empty();
}

void ServiceProcesses::include(const ProcessId& worker) {
    excluded_.erase(worker.pid);
    // The worker itself may have reaped some of those that ended below it.
    std::vector<ProcessId> reaped;
    std::erase_if(adopted_, [&](const auto& item) {
        const bool over = !exists(item.second.id) && !exit_is_told(item.second);
        if (over) reaped.push_back(item.second.id);
        return over;
    });
    for (const ProcessId& id : reaped) {
        children_.forget(id.pid);
        adopt_orphans_of(id);
    }
    check_empty();
}

void ServiceProcesses::find_orphans() {
    if (cgroup_) return;
    std::vector<ProcessId> ended;
    for (const auto& [pid, one] : adopted_) {
        if (!is_living(one.id)) ended.push_back(one.id);
    }
    for (const ProcessId& id : ended) adopt_orphans_of(id);
    if (const auto since = std::exchange(unseen_since_, std::nullopt)) adopt_orphans_since(*since);
}

/// What hung below one that has ended is a child of comard by now.
void ServiceProcesses::adopt_orphans_since(std::uint64_t since) {
    if (cgroup_) return;
    const auto found = orphans_(since);
    if (!found) return look_again_since(since);
    for (const ProcessId& orphan : *found) adopt(orphan);
}

void ServiceProcesses::look_again_since(std::uint64_t since) {
    unseen_since_ = std::min(unseen_since_.value_or(since), since);
}

std::vector<ExitStatus> ServiceProcesses::take_unknown_ends(const ProcessId& first) {
    if (!cgroup_) return {};
    return children_.take_unclaimed_of(cgroup_->path(), first.start_time);
}

void ServiceProcesses::miss_exits() {
    std::vector<pid_t> missed;
    for (const auto& [pid, one] : adopted_) {
        if (!exists(one.id) && !exit_is_told(one)) missed.push_back(pid);
    }
    for (const pid_t pid : missed) on_exit(pid, std::nullopt);
}

void ServiceProcesses::expel(const ProcessId& worker) {
    auto process = Process::open(worker);
    if (!process) return;
    (void)process->signal(SIGKILL);
    exclude(worker);
    auto watch = IoWatch::create(loop_, process->pidfd(), EPOLLIN, [this, worker](std::uint32_t) {
        // Owned here from now on: the watch must outlive its own call-back.
        const auto gone = expelled_.extract(worker.pid);
        include(worker);
    });
    if (!watch) return;
    expelled_[worker.pid] = {worker, 0, std::move(*process), std::move(*watch)};
}

/// Those that were adopted are waited for: how they ended must be known before anything is
/// concluded from it.
bool ServiceProcesses::is_expecting() const { return !excluded_.empty() || !adopted_.empty(); }

void ServiceProcesses::check_empty() {
    if (!is_expecting() && !alive()) events_.emptied();
}

bool ServiceProcesses::cgroup_is_empty() const {
    if (!cgroup_) return true;
    const std::uint64_t now = loop_.iteration();
    if (empty_in_ == now) return true;
    if (is_populated(cgroup_look_.get()).value_or(true)) return false;
    empty_in_ = now;
    return true;
}

/// One that ends between the list and the look at it may have forked another after the list was
/// made. So when all of the list have ended, there is one more look.
Result<std::vector<ProcessId>> ServiceProcesses::living_in_cgroup() const {
    std::set<pid_t> ended;
    std::size_t known = 0;
    std::vector<ProcessId> living;
    do {
        known = ended.size();
        living.clear();
        const auto listed = cgroup_->processes();
        if (!listed && is_out_of_sight(listed.error())) return living;
        if (!listed) return Failure(listed.error());
        for (const pid_t pid : *listed) {
            const auto stat = read_stat(pid);
            if (!stat && !is_out_of_sight(stat.error())) return Failure(stat.error());
            if (stat && stat->state != 'Z') {
                living.push_back(stat->id);
            } else {
                ended.insert(pid);
            }
        }
    } while (living.empty() && ended.size() > known);
    return living;
}

std::vector<ProcessId> ServiceProcesses::all() const {
    std::map<pid_t, ProcessId> found;
    for (const auto& [pid, one] : adopted_) {
        if (!is_living(one.id)) continue;
        found.emplace(pid, one.id);
        if (cgroup_) continue;
        for (const ProcessId& below : descendants(pid).value_or(std::vector<ProcessId>{})) {
            if (is_living(below)) found.emplace(below.pid, below);
        }
    }
    // Most are asked about when they are empty, and to list a cgroup takes long.
    if (!cgroup_is_empty()) {
        for (const ProcessId& id : living_in_cgroup().value_or(std::vector<ProcessId>{})) {
            found.emplace(id.pid, id);
        }
    }
    std::vector<ProcessId> all;
    for (const auto& [pid, id] : found) {
        if (!excluded_.contains(pid)) all.push_back(id);
    }
    return all;
}

bool ServiceProcesses::lives(const ProcessId& id) const { return has_adopted(id) && is_living(id); }

/// Asked far more often than which ones live, and mostly told without a look into /proc.
bool ServiceProcesses::alive() const {
    const bool one_lives = std::any_of(adopted_.begin(), adopted_.end(), [](const auto& item) {
        const auto& process = item.second.process;
        return process &&
               !wait_exited(process->pidfd(), std::chrono::milliseconds{0}).value_or(true);
    });
    return one_lives || !all().empty() || (cgroup_ && may_have_more());
}

bool ServiceProcesses::may_have_more() const {
    return cgroup_ ? !cgroup_is_empty() && !living_in_cgroup() : unseen_since_.has_value();
}

bool ServiceProcesses::has(const ProcessId& id) const {
    // Most services have nothing to look for.
    if (adopted_.empty() && !cgroup_) return false;
    const auto every = all();
    return std::find(every.begin(), every.end(), id) != every.end();
}

void ServiceProcesses::signal(const ProcessId& id, int signo) const {
    const auto found = adopted_.find(id.pid);
    const bool is_pinned =
        found != adopted_.end() && found->second.id == id && found->second.process;
    if (!is_pinned) return signal_process(id, signo);
    (void)found->second.process->signal(signo);
}

void ServiceProcesses::kill_all() {
    may_be_deadly_ = true;
    // Who is not gone by that is killed one by one.
    if (cgroup_) (void)cgroup_->kill();
}

std::vector<ProcessId> ServiceProcesses::adopted() const {
    std::vector<ProcessId> ids;
    for (const auto& [pid, one] : adopted_) ids.push_back(one.id);
    return ids;
}

std::uint64_t ServiceProcesses::memory_bytes() const {
    if (cgroup_) {
        if (const auto bytes = cgroup_->memory_bytes()) return *bytes;
    }
    std::uint64_t sum = 0;
    for (const ProcessId& id : all()) sum += resident_bytes(id.pid).value_or(0);
    return sum;
}

std::chrono::microseconds ServiceProcesses::cpu_time() const {
    if (cgroup_) {
        if (const auto time = cgroup_->cpu_time()) return *time;
    }
    std::chrono::microseconds sum{0};
    for (const ProcessId& id : all()) {
        if (const auto stat = read_stat(id.pid)) sum += stat->cpu;
    }
    return sum;
}

std::optional<Cgroup> ServiceProcesses::release() {
    cgroup_watch_.reset();
    cgroup_events_.reset();
    cgroup_look_.reset();
    auto cgroup = std::exchange(cgroup_, std::nullopt);
    // Busy means that processes are left; the cgroup stays with them.
    if (cgroup && cgroup->remove()) cgroup.reset();
    return cgroup;
}

}  // namespace comar
