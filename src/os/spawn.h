// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <sys/types.h>

#include "core/result.h"
#include "os/process.h"
#include "os/unique_fd.h"
#include "os/users.h"

namespace comar {

/// What to start, and as what. All that is not named here the child has from us, apart from
/// signals: none is blocked, ignored or caught in it.
struct SpawnRequest {
    /// arguments[0] names the program. Without a slash it is searched for along PATH of the child's
    /// environment, as execvp(3) does.
    std::vector<std::string> arguments;
    std::optional<std::vector<std::string>> environment;  ///< "KEY=value" each; none: ours
    std::optional<std::string> directory;                 ///< none: ours. Entered as `credentials`

    int input = -1;   ///< -1: /dev/null
    int output = -1;  ///< -1: ours
    int error = -1;   ///< -1: ours
    /// More fds of ours, and the numbers (3 or above) that they have in the child. All others are
    /// closed there.
    std::vector<std::pair<int, int>> descriptors;

    bool new_session = false;  ///< setsid(2)
    std::optional<mode_t> umask;
    std::optional<rlim_t> descriptor_limit{};  ///< soft RLIMIT_NOFILE; none: ours
    std::optional<int> nice;                   ///< added to our niceness
    std::optional<Credentials> credentials;    ///< our own uid and gid are always allowed
    /// The open folder of a cgroup: the child is there before it is the program. -1: in ours.
    int cgroup = -1;
    /// The new process is a child of our parent, clone(2) CLONE_PARENT: our end changes nothing for
    /// it, and our parent reaps it. Where the system refuses that, it is our child after all.
    bool sibling = false;
    std::optional<int> parent_death_signal;  ///< as set_parent_death_signal(), without its race
};

/// A child that runs the program by now. Who has it must reap it in the end.
struct Child {
    ProcessId id;  ///< start_time 0: it was reaped already, because we ignore SIGCHLD
    UniqueFd pidfd;
};

/// Starts a program. When this returns a child, execve(2) has succeeded. Otherwise there is no
/// child, and the error says which step failed: "cannot start /usr/bin/x: cannot set group 33:
/// Operation not permitted".
Result<Child> spawn(const SpawnRequest& request);

}  // namespace comar
