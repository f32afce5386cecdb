// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include <sys/resource.h>
#include <sys/types.h>

namespace comar {

// What happens in a new process before it is another program. The parent prepares everything in
// memory; the child only makes system calls, in the order of SpawnStage.

enum class SpawnStage : int {
    cgroup,
    session,
    niceness,
    descriptors,
    groups,
    group,
    user,
    directory,
    parent_death_signal,
    execute,
};

/// What a child that cannot go on writes to its parent before it exits.
struct SpawnReport {
    SpawnStage stage = SpawnStage::execute;
    int os_error = 0;
};

/// An fd of the parent, and the number that it gets.
struct DescriptorMove {
    int source = -1;  ///< the child writes here where it has put it meanwhile
    int target = -1;
};

struct ChildPlan {
    const char* const* programs = nullptr;  ///< paths to try in turn, null at the end
    char* const* arguments = nullptr;       ///< null at the end
    char* const* environment = nullptr;     ///< null at the end
    const char* directory = nullptr;        ///< null: stay

    DescriptorMove* moves = nullptr;
    std::size_t move_count = 0;
    int above_targets = 3;  ///< a number above all targets
    int report = -1;        ///< where a SpawnReport goes; close-on-exec

    int cgroup = -1;  ///< the open folder of a cgroup to move to; -1: stay

    bool new_session = false;
    int nice = 0;
    bool change_limit = false;
    rlim_t descriptor_limit = 0;
    bool change_umask = false;
    mode_t umask = 0;
    int parent_death_signal = 0;  ///< 0: none
    pid_t parent = 0;

    bool change_credentials = false;
    uid_t uid = 0;
    gid_t gid = 0;
    const gid_t* groups = nullptr;
    std::size_t group_count = 0;
};

/// Runs in the child and takes a ChildPlan* as its argument. Returns, with the exit code, only when
/// the program was not executed.
int run_child(void* argument) noexcept;

}  // namespace comar
