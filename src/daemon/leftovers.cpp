// SPDX-License-Identifier: MIT
#include "daemon/leftovers.h"

#include <algorithm>
#include <csignal>
#include <set>
#include <utility>

#include <sys/epoll.h>

#include <unistd.h>

#include "core/fault_point.h"
#include "os/proc_scan.h"

namespace comar {
namespace {

using namespace std::chrono_literals;

/// What SIGKILL does not end in that time waits for a disk or the like.
constexpr auto kill_patience = 5s;
constexpr std::size_t most_named = 5;
/// Between two looks at what cannot be watched.
constexpr auto blind = 100ms;

std::string name_of(const ProcessId& id) {
    const auto stat = read_stat(id.pid);
    return std::to_string(id.pid) + " (" + (stat ? stat->comm : "?") + ")";
}

/// Somebody has logged in there, with a terminal or without, as scp does. Whoever has started
/// comard by hand has given it a login of his own, and all that it starts.
bool is_login(const ProcessStat& stat, std::optional<std::uint32_t> own) {
    if (stat.has_terminal) return true;
    const auto login = login_of(stat.id.pid);
    return login && login != own;
}

/// Login sessions, and what leads to them: what they descend from but for the service's main
/// process, and all below.
std::set<pid_t> sessions_in(const std::vector<ProcessId>& all, std::optional<ProcessId> main) {
    std::map<pid_t, ProcessStat> stats;
    for (const ProcessId& id : all) {
        if (auto stat = read_stat(id.pid); stat && stat->id == id) stats[id.pid] = *stat;
    }
    std::set<pid_t> spared;
    const auto spare_with_parents = [&](pid_t pid) {
        while (stats.contains(pid) && (!main || main->pid != pid) && spared.insert(pid).second) {
            pid = stats[pid].parent;
        }
    };
    const auto own = login_of(::getpid());
    for (const auto& [pid, stat] : stats) {
        if (is_login(stat, own)) spare_with_parents(pid);
    }
    // Deeper ones may have lower numbers.
    for (bool is_new = true; is_new;) {
        is_new = false;
        for (const auto& [pid, stat] : stats) {
            const bool is_below = spared.contains(stat.parent) && (!main || main->pid != pid);
            if (is_below && spared.insert(pid).second) is_new = true;
        }
    }
    return spared;
}

}  // namespace

std::string describe(const std::vector<std::string>& processes) {
    std::string text =
        processes.size() == 1 ? "process " : std::to_string(processes.size()) + " processes: ";
    for (std::size_t i = 0; i < std::min(processes.size(), most_named); ++i) {
        text += (i > 0 ? ", " : "") + processes[i];
    }
    return processes.size() > most_named ? text + ", ..." : text;
}

void Leftovers::end(const std::string& app, KillMode mode, std::chrono::milliseconds patience,
                    Done done) {
    const auto [found, is_new] = endings_.try_emplace(app);
    Ending& ending = found->second;
    ending.waiters.push_back(std::move(done));
    if (!is_new) return;
    ending.mode = mode;
    ending.timer = std::make_unique<Timer>(loop_, [this, app] { impatient(app); });
    ending.timer->arm(patience);
    look(app);
}

/// What is left now gets its signal; when nothing is left it is over.
void Leftovers::look(const std::string& app) {
    Ending& ending = endings_.at(app);
    auto left = left_of(app, ending.mode);
    if (left.empty()) {
        // The end of a process tells of others only when it is reaped, which may be later.
        if (Service* service = find_service_(app)) service->find_orphans();
        left = left_of(app, ending.mode);
    }
    if (left.empty() && !is_blind(app, ending.mode)) return finish(app);
    if (left.empty()) look_later(app, blind);
    for (const ProcessId& id : left) {
        if (!ending.watched.contains(id.pid)) watch(app, ending, id);
    }
}

void Leftovers::watch(const std::string& app, Ending& ending, const ProcessId& id) {
    auto process = Process::open(id);
    if (!process)
        return look_later(app, process.error().kind == ErrorKind::not_found ? 0ms : blind);
    ending.names[id.pid] = name_of(id);
    auto gone =
        IoWatch::create(loop_, process->pidfd(), EPOLLIN, [this, app, pid = id.pid](std::uint32_t) {
            // The watch must outlive its own call-back.
            const auto held = endings_.at(app).watched.extract(pid);
            look(app);
        });
    if (!gone) return look_later(app, blind);
    // Who is stopped hears of SIGTERM when it goes on.
    for (const int signo : {ending.kills ? SIGKILL : SIGTERM, SIGCONT}) {
        (void)process->signal(signo);
    }
    ending.watched.emplace(id.pid, std::pair(std::move(*process), std::move(*gone)));
}

/// `after`: not at once where it can be seen but not be watched, for want of descriptors.
void Leftovers::look_later(const std::string& app, std::chrono::milliseconds after) {
    Ending& ending = endings_.at(app);
    if (!ending.again) {
        ending.again = std::make_unique<Timer>(loop_, [this, app] {
            if (endings_.contains(app)) look(app);
        });
    }
    if (!ending.again->armed()) ending.again->arm(after);
}

void Leftovers::impatient(const std::string& app) {
    Ending& ending = endings_.at(app);
    if (std::exchange(ending.kills, true)) {
        auto left = left_of(app, ending.mode);
        if (is_blind(app, ending.mode)) left = find_service_(app)->processes().adopted();
        for (const ProcessId& id : left) {
            ending.names.erase(id.pid);
            ending.report.alive.push_back(name_of(id));
        }
        return finish(app);
    }
    for (const auto& [pid, one] : ending.watched) {
        ending.report.killed.push_back(ending.names[pid]);
        (void)one.first.signal(SIGKILL);
    }
    // Faster than what forks faster than we look.
    Service* service = find_service_(app);
    if (service != nullptr && ending.mode == KillMode::all) service->kill_all();
    ending.timer->arm(kill_patience);
    look(app);
}

void Leftovers::finish(const std::string& app) {
    fault_point("stop", "empty");
    const auto ending = std::make_shared<Ending>(std::move(endings_.at(app)));
    endings_.erase(app);
    for (const auto& [pid, name] : ending->names) ending->report.ended.push_back(name);
    for (const Done& done : ending->waiters) done(ending->report);
    // Its timer and watches may be the ones that called us.
    loop_.defer([ending] {});
}

/// Something lives, and for want of descriptors nobody can see what.
bool Leftovers::is_blind(const std::string& app, KillMode mode) const {
    const Service* service = find_service_(app);
    if (service == nullptr || mode == KillMode::none) return false;
    const ServiceProcesses& processes = service->processes();
    return processes.may_have_more() || (processes.alive() && processes.all().empty());
}

std::vector<ProcessId> Leftovers::left_of(const std::string& app, KillMode mode) const {
    const Service* service = find_service_(app);
    if (service == nullptr || mode == KillMode::none) return {};
    auto left = service->processes().all();
    if (mode == KillMode::sessions && !left.empty()) {
        const auto spared = sessions_in(left, service->told_main());
        std::erase_if(left, [&](const ProcessId& id) { return spared.contains(id.pid); });
    }
    return left;
}

}  // namespace comar
