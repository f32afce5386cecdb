// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/service_settings.h"
#include "daemon/service.h"
#include "loop/io_watch.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "os/process.h"

namespace comar {

/// Ends what is left of a service: SIGTERM to every process, and to what those start meanwhile;
/// after a while SIGKILL to all at once. Does not wait, but for events.
class Leftovers {
public:
    struct Report {
        std::vector<std::string> ended;   ///< "312 (worker)", in the order of their pids
        std::vector<std::string> killed;  ///< those of them that took SIGKILL
        std::vector<std::string> alive;   ///< that even SIGKILL does not end: they wait for a disk
    };
    using Done = std::function<void(const Report&)>;
    /// Null: it is registered no more.
    using FindService = std::function<Service*(const std::string& app)>;

    /// Both outlive it.
    Leftovers(Loop& loop, FindService find_service)
        : loop_(loop), find_service_(std::move(find_service)) {}

    /// `done` is called once; at once where nothing is left. One who asks while it goes on for the
    /// same service waits for the same end.
    void end(const std::string& app, KillMode mode, std::chrono::milliseconds patience, Done done);

    [[nodiscard]] bool is_busy() const { return !endings_.empty(); }

private:
    struct Ending {
        KillMode mode = KillMode::all;
        std::map<pid_t, std::pair<Process, IoWatch>> watched;
        std::map<pid_t, std::string> names;
        Report report;
        std::vector<Done> waiters;
        std::unique_ptr<Timer> timer;
        std::unique_ptr<Timer> again;
        bool kills = false;
    };

    void look(const std::string& app);
    void watch(const std::string& app, Ending& ending, const ProcessId& id);
    void look_later(const std::string& app, std::chrono::milliseconds after);
    void impatient(const std::string& app);
    void finish(const std::string& app);
    [[nodiscard]] bool is_blind(const std::string& app, KillMode mode) const;
    [[nodiscard]] std::vector<ProcessId> left_of(const std::string& app, KillMode mode) const;

    Loop& loop_;
    FindService find_service_;
    std::map<std::string, Ending> endings_;
};

/// "2 processes: 312 (worker), 313 (worker)", shortened where they are many.
[[nodiscard]] std::string describe(const std::vector<std::string>& processes);

}  // namespace comar
