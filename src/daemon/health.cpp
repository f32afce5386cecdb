// SPDX-License-Identifier: MIT
#include "daemon/health.h"

#include <csignal>
#include <utility>

#include <unistd.h>

#include "daemon/environment.h"
#include "daemon/invoker.h"
#include "os/fifo.h"
#include "os/proc_scan.h"
#include "os/spawn.h"

namespace comar {
namespace {

using nlohmann::json;

/// Far above the numbers that calls of clients get.
constexpr std::uint64_t first_call = std::uint64_t{1} << 62;

std::string describe(const ExitStatus& status) {
    return (status.signal != 0 ? "was ended by " : "ended with ") + to_string(status);
}

/// A command, and what it has started and waits for. What hides from that had its reasons.
void kill_tree(const ProcessId& command) {
    const auto process = Process::open(command);
    if (!process) return;
    // Stopped, it starts nothing more while we look.
    (void)process->signal(SIGSTOP);
    for (const ProcessId& below : descendants(command.pid).value_or(std::vector<ProcessId>{})) {
        signal_process(below, SIGKILL);
    }
    (void)process->signal(SIGKILL);
}

}  // namespace

void Health::begin(const std::string& app, const std::optional<HealthSettings>& settings,
                   const Watchdog& watchdog) {
    end(app);
    if (settings) {
        Check& check = checks_[app];
        check.settings = *settings;
        check.timer = std::make_unique<Timer>(loop_, [this, app] { ask(app); });
        check.timer->arm(check.settings.every);
    }
    set_watchdog(app, watchdog.time);
    if (const auto found = signs_.find(app); found != signs_.end() && watchdog.waits_for_first) {
        found->second.timer->disarm();
    }
}

void Health::end(const std::string& app) {
    if (const auto found = checks_.find(app); found != checks_.end()) {
        if (found->second.command) kill_tree(*found->second.command);
        const std::uint64_t asked = std::exchange(found->second.round, 0);
        // It may be what has called us.
        loop_.defer([gone = std::make_shared<Check>(std::move(found->second))] {});
        checks_.erase(found);
        if (asked != 0) (void)calls_.cancel(first_call + asked);
    }
    expect_no_signs(app);
}

void Health::expect_no_signs(const std::string& app) {
    const auto found = signs_.find(app);
    if (found == signs_.end()) return;
    // It may be what has called us.
    loop_.defer([gone = std::make_shared<Signs>(std::move(found->second))] {});
    signs_.erase(found);
}

/// Nobody asks any more, and no answer counts.
void Health::shut_down() {
    std::vector<std::string> apps;
    for (const auto& [app, check] : checks_) apps.push_back(app);
    for (const std::string& app : apps) end(app);
    cgroup_.kill();
}

void Health::sign_of_life(const std::string& app) {
    const auto found = signs_.find(app);
    if (found != signs_.end()) found->second.timer->arm(found->second.time);
}

void Health::set_watchdog(const std::string& app, std::chrono::microseconds time) {
    if (time <= std::chrono::microseconds::zero()) return expect_no_signs(app);
    Signs& signs = signs_[app];
    signs.time = time;
    if (!signs.timer) {
        signs.timer = std::make_unique<Timer>(loop_, [this, app] { events_.silent(app); });
    }
    signs.timer->arm(time);
}

void Health::ask(const std::string& app) {
    Check& check = checks_.at(app);
    check.round = ++rounds_;
    switch (check.settings.check.kind) {
        case Probe::Kind::command:
            return ask_command(app, check);
        case Probe::Kind::tcp:
        case Probe::Kind::unix_socket:
        case Probe::Kind::http:
            check.prober = std::make_unique<Prober>(
                loop_, check.settings.check, check.settings.timeout,
                [this, app, round = check.round](const std::string& problem) {
                    answered(app, round, problem);
                });
            return;
        default:
            return ask_function(app, check);
    }
}

void Health::ask_function(const std::string& app, Check& check) {
    CallRequest call;
    call.app = app;
    call.model = service_model;
    call.method = check.settings.check.text;
    call.caller = "comar";
    call.internal = true;
    call.id = first_call + check.round;
    begin_deadline(app, check, "the function takes too long");
    calls_.run(std::move(call), std::nullopt,
               [this, app, round = check.round](const CallReply& reply) {
                   const bool yes = reply && *reply != json(false);
                   answered(app, round, yes ? "" : reply ? "it says no" : reply.error().message);
               });
}

void Health::ask_command(const std::string& app, Check& check) {
    SpawnRequest request;
    request.arguments = {"/bin/sh", "-c", check.settings.check.text};
    request.environment = environment_of(app);
    request.directory = "/";
    request.new_session = true;
    request.parent_death_signal = SIGKILL;
    request.cgroup = cgroup_.fd();
    // What it prints tells of the service, and belongs into its log.
    UniqueFd out;
    UniqueFd err;
    if (const auto streams = outputs_.open(app)) {
        out = open_fifo_for_program(streams->out).value_or(UniqueFd());
        err = open_fifo_for_program(streams->err).value_or(UniqueFd());
    }
    request.output = out.get();
    request.error = err.get();
    auto child = spawn(request);
    if (!child) return answered(app, check.round, child.error().message);
    check.command = child->id;
    commands_[child->id.pid] = child->id;
    begin_deadline(app, check, "the command takes too long");
    children_.on_exit(child->id.pid, [this, app, round = check.round](const ReapedChild& ended) {
        children_.forget(ended.pid);
        commands_.erase(ended.pid);
        end_session(ended.pid);
        const auto found = checks_.find(app);
        if (found == checks_.end() || found->second.round != round) return;
        found->second.command.reset();
        answered(app, round, ended.status.clean() ? "" : "the command " + describe(ended.status));
    });
}

/// What a command has left behind would be there for each question once.
void Health::end_session(pid_t leader) {
    for (const pid_t pid : processes_to_end(leader)) {
        const auto stat = read_stat(pid);
        if (stat && stat->session == leader) signal_process(stat->id, SIGKILL);
    }
}

/// Without a cgroup, what has lost its parent is comard's child. To look at all of them takes long,
/// and mostly the command has left nobody in its process group.
std::vector<pid_t> Health::processes_to_end(pid_t leader) const {
    if (const auto all = cgroup_.processes()) return *all;
    std::vector<pid_t> below;
    if (::kill(-leader, 0) != 0) return below;
    for (const ProcessId& id : descendants(::getpid()).value_or(std::vector<ProcessId>{})) {
        below.push_back(id.pid);
    }
    return below;
}

/// Who has not answered by then has answered that it is not well.
void Health::begin_deadline(const std::string& app, Check& check, const char* problem) {
    check.deadline = std::make_unique<Timer>(loop_, [this, app, round = check.round, problem] {
        const auto found = checks_.find(app);
        if (found == checks_.end() || found->second.round != round) return;
        if (const auto command = std::exchange(found->second.command, std::nullopt)) {
            kill_tree(*command);
        }
        answered(app, round, problem);
        (void)calls_.cancel(first_call + round);
    });
    check.deadline->arm(check.settings.timeout);
}

std::vector<ProcessId> Health::processes() const {
    std::vector<ProcessId> ids;
    for (const auto& [pid, id] : commands_) ids.push_back(id);
    return ids;
}

void Health::answered(const std::string& app, std::uint64_t round, const std::string& problem) {
    const auto found = checks_.find(app);
    // One question, one answer; and what was asked of an earlier life says nothing of this one.
    if (found == checks_.end() || found->second.round != round) return;
    Check& check = found->second;
    check.round = 0;
    if (check.deadline) check.deadline->disarm();
    check.timer->arm(check.settings.every);
    check.failures = problem.empty() ? 0 : check.failures + 1;
    if (problem.empty()) return events_.told(app, "");
    if (check.failures < check.settings.failures) return;
    if (!check.settings.restarts) return events_.told(app, problem);
    check.failures = 0;
    events_.restart(app, problem);
}

}  // namespace comar
