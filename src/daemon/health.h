// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/service_settings.h"
#include "daemon/calls.h"
#include "daemon/check_cgroup.h"
#include "daemon/outputs.h"
#include "daemon/prober.h"
#include "loop/child_watch.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "os/process.h"

namespace comar {

/// Asks services that run whether they do their work (serviceHealth), and hears their signs of life
/// (watchdog).
class Health {
public:
    struct Events {
        /// Empty: it is well. Else what is wrong, after so many questions in a row.
        std::function<void(const std::string& app, const std::string& problem)> told;
        /// It is to be started again.
        std::function<void(const std::string& app, const std::string& problem)> restart;
        /// It has not shown that it lives.
        std::function<void(const std::string& app)> silent;
    };

    /// All of them outlive it. `cgroups`: where its commands have one of their own.
    Health(Loop& loop, ChildWatch& children, Calls& calls, Outputs& outputs,
           const std::string& cgroups, Events events)
        : loop_(loop),
          children_(children),
          calls_(calls),
          outputs_(outputs),
          cgroup_(cgroups),
          events_(std::move(events)) {}

    /// When signs of life are due.
    struct Watchdog {
        std::chrono::microseconds time{0};  ///< after one another; 0: none are
        /// Not before the first one has come: it may hold on to a socket of another comard.
        bool waits_for_first = false;
    };

    /// It runs and is ready from now on.
    void begin(const std::string& app, const std::optional<HealthSettings>& settings,
               const Watchdog& watchdog);
    /// It does not run any more.
    void end(const std::string& app);

    /// WATCHDOG=1; of no interest where none is due.
    void sign_of_life(const std::string& app);
    /// WATCHDOG_USEC of one that runs.
    void set_watchdog(const std::string& app, std::chrono::microseconds time);

    /// comard ends: its commands do so, too, and in the end their cgroup.
    void shut_down();
    void release() { cgroup_.remove(); }

    /// The commands that run now, also those that have been killed and not reaped yet.
    [[nodiscard]] std::vector<ProcessId> processes() const;

private:
    struct Check {
        HealthSettings settings;
        std::unique_ptr<Timer> timer;
        std::unique_ptr<Timer> deadline;  ///< of the command or function that is asked now
        std::unique_ptr<Prober> prober;
        std::optional<ProcessId> command;
        unsigned failures = 0;
        std::uint64_t round = 0;
    };
    struct Signs {
        std::chrono::microseconds time{0};
        std::unique_ptr<Timer> timer;
    };

    void ask(const std::string& app);
    void ask_function(const std::string& app, Check& check);
    void ask_command(const std::string& app, Check& check);
    void expect_no_signs(const std::string& app);
    void end_session(pid_t leader);
    [[nodiscard]] std::vector<pid_t> processes_to_end(pid_t leader) const;
    void begin_deadline(const std::string& app, Check& check, const char* problem);
    void answered(const std::string& app, std::uint64_t round, const std::string& problem);

    Loop& loop_;
    ChildWatch& children_;
    Calls& calls_;
    Outputs& outputs_;
    CheckCgroup cgroup_;
    Events events_;
    std::map<std::string, Check> checks_;
    std::map<std::string, Signs> signs_;
    std::map<pid_t, ProcessId> commands_;
    std::uint64_t rounds_ = 0;
};

}  // namespace comar
