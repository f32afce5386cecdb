// SPDX-License-Identifier: MIT
#include "os/spawn_child.h"

#include <cerrno>
#include <climits>
#include <csignal>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

// This runs in a process that may share its parent's memory: no allocation, no locks, nothing that
// changes what the parent will look at, apart from the plan and errno.

namespace comar {

namespace {

// The functions of the C library would carry a change of credentials to all threads that they know
// of, and those are the parent's. The plain calls of 32-bit machines know 16-bit ids only.
#ifdef SYS_setresuid32
constexpr long set_groups_call = SYS_setgroups32;
constexpr long set_gids_call = SYS_setresgid32;
constexpr long set_uids_call = SYS_setresuid32;
#else
constexpr long set_groups_call = SYS_setgroups;
constexpr long set_gids_call = SYS_setresgid;
constexpr long set_uids_call = SYS_setresuid;
#endif

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
constexpr unsigned set_close_on_exec = 1U << 2;  // CLOSE_RANGE_CLOEXEC, Linux 5.11

constexpr int first_not_standard = 3;
constexpr int exit_code_not_started = 127;

/// One entry of getdents64(2).
struct FolderEntry {
    ino64_t inode;
    off64_t offset;
    unsigned short length;
    unsigned char type;
    char name[1];
};

/// Tells the parent; the exit code.
int give_up(const ChildPlan& plan, SpawnStage stage) {
    const SpawnReport report{.stage = stage, .os_error = errno};
    while (::write(plan.report, &report, sizeof report) < 0 && errno == EINTR) {
    }
    return exit_code_not_started;
}

/// What is ignored stays so across execve(2), and what is caught must not run here.
void reset_signals() {
    struct sigaction action{};
    action.sa_handler = SIG_DFL;
    for (int signo = 1; signo < NSIG; ++signo) ::sigaction(signo, &action, nullptr);
}

void unblock_signals() {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// "0" is whoever writes it, cgroups(7).
bool move_to_cgroup(const ChildPlan& plan) {
    const int procs = ::openat(plan.cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    return procs >= 0 && ::write(procs, "0", 1) == 1;
}

bool add_niceness(int increment) {
    errno = 0;
    const int now = ::getpriority(PRIO_PROCESS, 0);
    if (now == -1 && errno != 0) return false;
    return ::setpriority(PRIO_PROCESS, 0, now + increment) == 0;
}

/// -1: not a number, "." and "..".
int parse_fd(const char* name) {
    int number = 0;
    for (; *name >= '0' && *name <= '9'; ++name) number = number * 10 + (*name - '0');
    return *name == '\0' ? number : -1;
}

void mark_all_listed(const char* entries, long bytes) {
    for (long at = 0; at < bytes;) {
        const auto* entry = reinterpret_cast<const FolderEntry*>(entries + at);
        if (const int fd = parse_fd(entry->name); fd >= first_not_standard)
            ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        at += entry->length;
    }
}

/// For kernels without close_range(2). readdir(3) would allocate.
bool mark_each_close_on_exec() {
    const int folder = ::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return false;
    alignas(FolderEntry) char entries[4096];
    long got = 0;
    while ((got = ::syscall(SYS_getdents64, folder, entries, sizeof entries)) > 0)
        mark_all_listed(entries, got);
    ::close(folder);
    return got == 0;
}

bool mark_close_on_exec() {
    if (::syscall(SYS_close_range, first_not_standard, UINT_MAX, set_close_on_exec) == 0)
        return true;
    return mark_each_close_on_exec();
}

/// Puts fds where none of them can be in the way of a target.
bool move_aside(ChildPlan& plan) {
    const int report = ::fcntl(plan.report, F_DUPFD_CLOEXEC, plan.above_targets);
    if (report < 0) return false;
    plan.report = report;
    for (std::size_t i = 0; i < plan.move_count; ++i) {
        const int aside = ::fcntl(plan.moves[i].source, F_DUPFD_CLOEXEC, plan.above_targets);
        if (aside < 0) return false;
        plan.moves[i].source = aside;
    }
    return true;
}

bool arrange_descriptors(ChildPlan& plan) {
    if (!move_aside(plan) || !mark_close_on_exec()) return false;
    for (std::size_t i = 0; i < plan.move_count; ++i)
        if (::dup2(plan.moves[i].source, plan.moves[i].target) < 0) return false;
    return true;
}

bool set_groups(const ChildPlan& plan) {
    return ::syscall(set_groups_call, plan.group_count, plan.groups) == 0;
}

bool set_group(gid_t gid) {
    gid_t real = 0;
    gid_t effective = 0;
    gid_t saved = 0;
    return ::syscall(set_gids_call, gid, gid, gid) == 0 &&
           ::getresgid(&real, &effective, &saved) == 0 && real == gid && effective == gid &&
           saved == gid;
}

bool set_user(uid_t uid) {
    uid_t real = 0;
    uid_t effective = 0;
    uid_t saved = 0;
    if (::syscall(set_uids_call, uid, uid, uid) != 0 || ::getresuid(&real, &effective, &saved) != 0)
        return false;
    const bool all_set = real == uid && effective == uid && saved == uid;
    // There must be no way back to root.
    const bool regained = uid != 0 && ::syscall(set_uids_call, -1, 0, -1) == 0;
    errno = EPERM;
    return all_set && !regained;
}

/// A parent that ended before we asked does not send the signal any more.
bool die_with_parent(const ChildPlan& plan) {
    if (::prctl(PR_SET_PDEATHSIG, plan.parent_death_signal, 0, 0, 0) != 0) return false;
    errno = ESRCH;
    return ::getppid() == plan.parent;
}

bool may_be_elsewhere(int error) {
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ENODEV ||
           error == ESTALE || error == ETIMEDOUT;
}

/// Returns only when none of the programs could be executed, with the errno that tells most.
void execute(const ChildPlan& plan) {
    bool denied = false;
    for (const char* const* program = plan.programs; *program != nullptr; ++program) {
        ::execve(*program, plan.arguments, plan.environment);
        if (!may_be_elsewhere(errno)) return;
        denied = denied || errno == EACCES;
    }
    if (denied) errno = EACCES;
}

/// A program that gets more than it was meant to runs all the same.
void lower_limit(rlim_t soft) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int run_child(void* argument) noexcept {
    auto& plan = *static_cast<ChildPlan*>(argument);
    reset_signals();
    if (plan.cgroup >= 0 && !move_to_cgroup(plan)) return give_up(plan, SpawnStage::cgroup);
    if (plan.new_session && ::setsid() < 0) return give_up(plan, SpawnStage::session);
    if (plan.nice != 0 && !add_niceness(plan.nice)) return give_up(plan, SpawnStage::niceness);
    if (!arrange_descriptors(plan)) return give_up(plan, SpawnStage::descriptors);
    if (plan.change_umask) ::umask(plan.umask);
    if (plan.change_limit) lower_limit(plan.descriptor_limit);
    if (plan.change_credentials && !set_groups(plan)) return give_up(plan, SpawnStage::groups);
    if (plan.change_credentials && !set_group(plan.gid)) return give_up(plan, SpawnStage::group);
    if (plan.change_credentials && !set_user(plan.uid)) return give_up(plan, SpawnStage::user);
    if (plan.directory != nullptr && ::chdir(plan.directory) != 0)
        return give_up(plan, SpawnStage::directory);
    if (plan.parent_death_signal != 0 && !die_with_parent(plan))
        return give_up(plan, SpawnStage::parent_death_signal);
    unblock_signals();
    execute(plan);
    return give_up(plan, SpawnStage::execute);
}

}  // namespace comar
