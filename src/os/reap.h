// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "core/result.h"

namespace comar {

/// How a child ended.
struct ExitStatus {
    int code = 0;    ///< what it gave to exit(3); 0 when a signal ended it
    int signal = 0;  ///< the signal that ended it; 0: it exited by itself
    [[nodiscard]] bool clean() const noexcept { return code == 0 && signal == 0; }
    bool operator==(const ExitStatus&) const = default;
};

/// "exit code 1", "signal 9 (Killed)".
[[nodiscard]] std::string to_string(const ExitStatus& status);

struct ReapedChild {
    pid_t pid = 0;
    ExitStatus status;
};

/// Reaps the child behind `pidfd`, never waits. Empty: it still runs.
/// not_found (os_error ECHILD): not a child of ours, or reaped before.
Result<std::optional<ExitStatus>> reap(int pidfd);

/// Reaps all children that have exited, also those that were inherited as a subreaper; never waits.
/// `before` hears of each one while /proc still knows it; it may be empty.
std::vector<ReapedChild> reap_children(const std::function<void(pid_t)>& before = {});

/// From now on orphans below this process become its children, prctl(2) PR_SET_CHILD_SUBREAPER.
/// Not inherited by children.
Result<> become_subreaper();

/// `signo` is sent to this process when the thread that made it ends, prctl(2) PR_SET_PDEATHSIG;
/// 0: none. Comes too late for a parent that is gone already: compare getppid(2) afterwards.
Result<> set_parent_death_signal(int signo);

}  // namespace comar
