// SPDX-License-Identifier: MIT
#include "daemon/direct_stop.h"

#include <utility>
#include <vector>

#include <fmt/format.h>
#include <string.h>

#include "core/fault_point.h"
#include "daemon/quick_pidfile.h"
#include "os/pidfile.h"
#include "os/proc_scan.h"

namespace comar {
namespace {

/// "312 (nginx)"
std::string describe(const ProcessId& id) {
    const auto stat = read_stat(id.pid);
    return fmt::format("{} ({})", id.pid, stat ? stat->comm : "?");
}

}  // namespace

bool DirectStop::is_possible(const Service& service, const Facts& facts) const {
    const auto main = service.main_process();
    if (!facts.plain_stop || !main || !service.processes().has_adopted(*main)) return false;
    const std::string& pidfile = facts.plain_stop->pidfile;
    if (!is_quick(pidfile, run_)) return false;
    const auto pid = read_pid(pidfile);
    return pid && *pid == main->pid;
}

void DirectStop::stop(Service& service, const Facts::PlainStop& plain,
                      std::chrono::milliseconds patience, Done done) {
    const std::string& app = service.app();
    Stopping& stopping = stopping_[app];
    stopping.process = *service.main_process();
    stopping.signo = plain.signal;
    stopping.notifies = plain.notifies;
    stopping.done = std::move(done);
    stopping.timer = std::make_unique<Timer>(loop_, [this, app] { late(app); });
    stopping.patience = patience;
    stopping.timer->arm(patience);
    service.processes().signal(stopping.process, plain.signal);
    fault_point("stop", "signalled");
}

void DirectStop::look_at(const std::string& app) {
    const auto found = stopping_.find(app);
    if (found == stopping_.end()) return;
    const Service* service = find_service_(app);
    if (service != nullptr && service->processes().has_adopted(found->second.process)) return;
    // Not in here: whoever tells of the process tells next whether it was the last one.
    loop_.defer([this, app] {
        Service* stopped = find_service_(app);
        const auto it = stopping_.find(app);
        if (it == stopping_.end()) return;
        fault_point("stop", "gone");
        if (it->second.notifies && stopped != nullptr) stopped->announce(false);
        finish(app, nlohmann::json());
    });
}

void DirectStop::late(const std::string& app) {
    const Stopping& stopping = stopping_.at(app);
    const double seconds = std::chrono::duration<double>(stopping.patience).count();
    finish(app,
           error_reply(
               "NotEnded",
               fmt::format("cannot stop {}: SIG{} did not end process {} in {:g} seconds", app,
                           ::sigabbrev_np(stopping.signo), describe(stopping.process), seconds)));
}

void DirectStop::finish(const std::string& app, CallReply reply) {
    // The timer must outlive its own call-back.
    const auto held = stopping_.extract(app);
    if (held) held.mapped().done(std::move(reply));
}

void DirectStop::cancel_all() {
    std::vector<std::string> apps;
    for (const auto& [app, stopping] : stopping_) apps.push_back(app);
    for (const std::string& app : apps) {
        finish(app, error_reply("Cancelled",
                                "cannot wait for the end of " + app + ": comard is stopping"));
    }
}

}  // namespace comar
