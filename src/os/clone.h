// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include "core/result.h"
#include "os/unique_fd.h"

namespace comar {

/// A child of ours that nobody has reaped yet.
struct NewProcess {
    pid_t pid = 0;
    UniqueFd pidfd;
};

/// Whose child the new process is: ours, or that of our parent, clone(2) CLONE_PARENT.
enum class Kinship { child, sibling };

/// What the child runs; what it returns is the exit code. It must do nothing that is not
/// async-signal-safe: it shares our memory. All signals are blocked in it.
using ChildFunction = int (*)(void* argument);

/// Makes a child that runs `function`. It borrows our memory, as after vfork(2), so the cost does
/// not grow with the size of the process; we go on when it has executed a program or exited. Where
/// the system refuses that, plain fork(2) does the same, without that wait.
Result<NewProcess> clone_process(ChildFunction function, void* argument,
                                 Kinship kinship = Kinship::child);

/// Makes a child with a copy of our memory, fork(2), and does not wait for anything: what it
/// executes may lie on a file system that hangs. In the cgroup with that open folder from its first
/// moment; -1: in ours.
Result<NewProcess> fork_into_cgroup(ChildFunction function, void* argument, int cgroup);

/// As clone_process() for a child that is in a cgroup from its first moment, clone3(2)
/// CLONE_INTO_CGROUP: moving a process makes the kernel wait for all processors, which takes
/// milliseconds. `cgroup` is its open folder. Nothing was made where that fails; older kernels and
/// sandboxes cannot do it.
Result<NewProcess> clone_into_cgroup(ChildFunction function, void* argument, Kinship kinship,
                                     int cgroup);

}  // namespace comar
