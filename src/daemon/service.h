// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/job.h"
#include "core/supervision.h"
#include "daemon/service_processes.h"
#include "daemon/state_journal.h"
#include "loop/loop.h"
#include "script/settings.h"

namespace comar {

/// One service as comard knows it: the state that core/supervision decides, its processes, and how
/// it got there. Survives a restart of comard through the journal.
class Service {
public:
    struct Context {
        Loop& loop;
        ChildWatch& children;
        StateJournal& journal;
        std::string cgroup_parent;  ///< empty: no cgroups here
        /// As ServiceProcesses::Orphans, but for those that write the output of another service.
        std::function<Result<std::vector<ProcessId>>(std::uint64_t since, const std::string& app)>
            orphans;
        ServiceProcesses::Reaps reaps;
        /// Whether a process is known to be of another service than `app`, or of comard's own.
        /// A `sibling` of the worker is in no cgroup but its service's, so those of others need
        /// not be looked at.
        std::function<bool(const ProcessId&, const std::string& app, bool sibling)> taken;
        /// Emit the signal Changed with "started" or "stopped".
        std::function<void(const std::string& app, bool running)> announce;
        /// It should run, and does not any more. `clean`: it is known to have ended without an
        /// error. `ran`: for how long; 0: its start has failed.
        std::function<void(const std::string& app, bool clean, std::chrono::milliseconds ran)>
            ended;
        /// Its main process has ended by itself, and others live on.
        std::function<void(const std::string& app, bool clean)> main_lost;
        /// Something about it may be different now.
        std::function<void(const std::string& app)> changed;
    };

    /// How the main process ended last.
    struct LastExit {
        int code = -1;   ///< -1: not known, or by a signal
        int signal = 0;  ///< 0: none
    };

    /// Of its restarts by comar. Times by the wall clock, in microseconds.
    struct RestartRecord {
        unsigned count = 0;  ///< since somebody has last started it
        unsigned in_a_row = 0;
        std::vector<std::uint64_t> recent;
        std::uint64_t due = 0;  ///< when it is started again; 0: it does not wait for that
    };

    /// `context` outlives the service.
    Service(Context& context, std::string app);
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    /// Takes up what an earlier comard has left: the processes that still live, and the end of
    /// those that do not. Kills the worker of a call whose comard is gone.
    void restore(const nlohmann::json& state);
    /// There is no usable state, but its cgroup is there.
    void rebuild(const std::string& cgroup_parent);

    /// `cause`: who wanted it, for people.
    void method_began(JobKind method, const std::string& cause);
    void method_ended(JobKind method, bool succeeded, const std::string& error);
    void script_announced(bool running);
    /// Says "started" or "stopped" for the script, as donotify does.
    void announce(bool running);
    /// Something that is kept elsewhere is different: its start-up state, its settings.
    void told_elsewhere() { context_.changed(app_); }

    /// What it was started with: its settings, and `stamp`, which tells whether script or settings
    /// have changed on disk since.
    void use_settings(EffectiveSettings settings, std::string stamp);
    [[nodiscard]] const EffectiveSettings& settings() const { return *settings_; }
    [[nodiscard]] const std::string& stamp() const { return stamp_; }

    /// What it says of itself, sd_notify(3), or what its health check says; one line.
    void set_status_text(std::string text);
    [[nodiscard]] const std::string& status_text() const { return status_text_; }
    void set_health(std::string health);
    /// "" while nobody asks, "ok", or what is wrong.
    [[nodiscard]] const std::string& health() const { return health_; }
    /// How long after one another its signs of life come, as it says itself; 0: it sends none.
    void set_watchdog(std::optional<std::uint64_t> usec);
    [[nodiscard]] std::optional<std::uint64_t> watchdog_usec() const { return watchdog_usec_; }
    /// The main process as the service itself tells it. False: that is none of its processes.
    bool set_main(pid_t pid);
    void note_restarts(RestartRecord record);
    [[nodiscard]] const RestartRecord& restarts() const { return restarts_; }
    /// What somebody asked for cannot be done; it is not started again by itself for now.
    void refuse(const std::string& why);
    /// It is to be started when that service runs, which it requires.
    void wait_for(const std::string& app);
    void wait_for_nobody();
    [[nodiscard]] const std::set<std::string>& waits_for() const { return waits_for_; }
    /// What else is to be told of the last change, for people.
    void add_to_cause(const std::string& text);
    /// It ends because comar ends it, for a failure.
    void blame(std::string error);
    [[nodiscard]] bool is_blamed() const { return is_blamed_; }
    /// It stays down, though it is wanted.
    void give_up(std::string reason);
    /// A start comes that has not begun: the stop that has is the first half of a restart, or what
    /// it requires comes first. Whoever takes over from us owes it. `cause` as in method_began().
    void owe_start(const std::string& cause);
    /// It has begun, or does not come.
    void owe_nothing();
    /// What an earlier comard was asked for and has not finished, and why.
    struct Unfinished {
        JobKind kind;
        std::string cause;
    };
    [[nodiscard]] std::optional<Unfinished> take_unfinished() {
        return std::exchange(unfinished_, std::nullopt);
    }

    /// Makes what a method needs that may start something: the cgroup, where there are any. An
    /// error is logged, and the service goes without.
    void prepare();
    /// `changes`: it must not outlive this comard, which would not know what it does.
    void worker_began(const ProcessId& worker, bool changes);
    void worker_gone(const ProcessId& worker, bool crashed);
    /// `reaper`: the parent, if it tells comard how its children end; or else 0.
    void process_started(const ProcessId& process, pid_t reaper);
    /// A program of its own that comard has started, as a child of comard.
    void program_started(const ProcessId& process);
    void left_behind(const std::vector<ProcessId>& left);

    /// Ends all of its processes that are in its cgroup at once.
    void kill_all() { processes_.kill_all(); }
    void find_orphans() { processes_.find_orphans(); }
    void miss_exits() { processes_.miss_exits(); }

    [[nodiscard]] const std::string& app() const { return app_; }
    [[nodiscard]] ServiceState state() const { return supervision_.state(); }
    /// What is finer than the state: the method that runs, or how a failed one ended
    /// ("exit-code", "signal", "script"); else the state itself.
    [[nodiscard]] std::string_view sub_state() const;
    [[nodiscard]] std::optional<bool> running() const { return supervision_.running(); }
    /// comar has started or stopped it since boot, so a process that is not known is not its.
    [[nodiscard]] bool tracked() const;
    [[nodiscard]] const ServiceProcesses& processes() const { return processes_; }
    [[nodiscard]] std::optional<ProcessId> main_process() const;
    /// The same, if its script or itself has told it.
    [[nodiscard]] std::optional<ProcessId> told_main() const;
    /// Somebody has started it, and nobody has stopped it since.
    [[nodiscard]] bool wanted() const { return wanted_; }
    /// Whether that process is one of its, or has been until a moment ago.
    [[nodiscard]] bool owns(pid_t pid) const;
    /// It had a process in the method that runs, or ran last.
    [[nodiscard]] bool had_process() const { return had_process_; }

    /// An earlier comard has started it and has waited until it is ready: a start goes on with
    /// that.
    [[nodiscard]] bool is_half_started() const { return is_half_started_; }
    /// Its script has returned, and comar waits until it is ready: whoever takes over from us goes
    /// on with that.
    void begin_ready_wait();
    /// The start that runs fails, for a stop comes next, which ends what it has started: until
    /// then nothing is decided.
    void overtake_start() { is_overtaken_ = true; }
    /// It runs as an earlier comard has started it.
    [[nodiscard]] bool was_found() const { return was_found_; }
    /// That stop does not come after all.
    void settle_start();
    /// The start that goes on has begun.
    void take_half_start();
    /// There is none that goes on: it runs, as far as anybody knows.
    void drop_half_start();
    /// It is in this method now, or in one that this one has called.
    [[nodiscard]] bool is_in(JobKind method) const {
        return std::find(methods_.begin(), methods_.end(), method) != methods_.end();
    }
    /// A call that may change something runs, or has only just answered.
    [[nodiscard]] bool has_worker() const { return !workers_.empty(); }
    /// Who wanted the last change, and why: "restart after exit code 1".
    [[nodiscard]] const std::string& cause() const { return cause_; }
    /// Microseconds since 1970 of the last change of state; 0: unknown.
    [[nodiscard]] std::uint64_t since() const { return since_; }
    [[nodiscard]] const LastExit& last_exit() const { return last_exit_; }
    /// Of one that runs: for how long.
    [[nodiscard]] std::chrono::milliseconds runs_for() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(context_.loop.now() -
                                                                     running_from_);
    }
    [[nodiscard]] const std::string& last_error() const { return last_error_; }

    /// It is not registered any more: forgets saved state and cgroup. One that is not empty yet is
    /// returned.
    std::optional<Cgroup> forget();
    /// comard ends: the next one goes on with what is unfinished, as after a crash. Nothing that
    /// becomes of it now counts.
    void hand_on();
    /// comard ends: an empty cgroup goes, the rest stays.
    void release() { (void)processes_.release(); }

    /// Writes what waits to be written. Also done by itself, later in the same loop iteration.
    void save();

private:
    void feed(const SupervisionEvent& event);
    [[nodiscard]] bool ends_unasked(ServiceState before) const;
    void note_state(ServiceState before, bool has_ended);
    void tell_end(ServiceState before);
    void watch_somebody();
    void exited(const ProcessId& process, std::optional<ExitStatus> status);
    void note_end(const std::optional<ExitStatus>& status);
    [[nodiscard]] bool may_have_forked(const std::optional<ExitStatus>& status) const;
    void emptied();
    void changed();
    void took(const ProcessId& process);
    void note_process();
    void restore_processes(const nlohmann::json& state);
    void find_alive();
    void miss_end();
    void restore_restarts(const nlohmann::json& state);
    void find_unfinished(ServiceState saved);
    void use_cgroup(const std::string& cgroup_parent);
    [[nodiscard]] std::string snapshot() const;

    Context& context_;
    std::string app_;
    Supervision supervision_;
    ServiceProcesses processes_;
    std::optional<ProcessId> main_;
    std::vector<ProcessId> workers_;  ///< of the calls that run and may change something
    std::uint64_t since_ = 0;
    LastExit last_exit_;
    /// How those ended that have outlived the main process, whose end is still to be told.
    std::vector<ExitStatus> heir_ends_;
    bool died_badly_ = false;       ///< the main process that ended last did so with an error
    bool is_blamed_ = false;        ///< blame() since it runs
    std::vector<JobKind> methods_;  ///< that run now; each has been called by the one before it
    bool had_process_ = false;      ///< in the method that runs, or ran last
    bool is_half_started_ = false;  ///< and no start has gone on yet
    bool awaits_ready_ = false;     ///< its start has nothing else to do
    bool was_found_ = false;        ///< running, by this comard
    bool is_handed_on_ = false;     ///< to the next comard, with what it is in
    bool is_overtaken_ = false;     ///< its start, by a stop
    bool has_left_some_ = false;    ///< a call whose worker has not ended yet
    std::string last_error_;
    bool wanted_ = false;
    std::string cause_;
    /// `since_` and `cause_`, for one that does not stop.
    std::optional<std::pair<std::uint64_t, std::string>> before_stop_;
    bool end_was_clean_ = false;  ///< how the process that counts ended is known, and was well
    TimePoint running_from_;
    std::shared_ptr<const EffectiveSettings> settings_;
    std::string stamp_;
    std::string status_text_;
    std::string health_;
    std::optional<std::uint64_t> watchdog_usec_;
    RestartRecord restarts_;
    std::string owed_;  ///< the cause of the start that is owed; empty: none is
    std::optional<Unfinished> unfinished_;
    std::set<std::string> waits_for_;
    bool unsaved_ = false;
    bool forgotten_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< for deferred calls
};

/// "exit code 1", "signal 9 (Killed)"; empty: not known.
[[nodiscard]] std::string to_string(const Service::LastExit& last);
/// The same of its main process, in words for what is not known.
[[nodiscard]] std::string end_of(const Service& service);

}  // namespace comar
