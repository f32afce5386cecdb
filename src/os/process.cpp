// SPDX-License-Identifier: MIT
#include "os/process.h"

#include <algorithm>
#include <climits>
#include <csignal>

#include <sys/syscall.h>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "os/proc_scan.h"
#include "os/system_error.h"

namespace comar {

namespace {

Failure gone(pid_t pid) {
    return failure(ErrorKind::not_found, fmt::format("cannot find process {}: it is gone", pid),
                   ESRCH);
}

/// Also true for one that nobody has reaped yet. The state letter would lie for a process whose
/// first thread has ended while others run.
Result<bool> has_exited(int pidfd) { return wait_exited(pidfd, std::chrono::milliseconds(0)); }

}  // namespace

void signal_process(const ProcessId& id, int signo) {
    if (const auto process = Process::open(id)) (void)process->signal(signo);
}

Result<UniqueFd> open_pidfd(pid_t pid) {
    if (pid <= 0)
        return failure(ErrorKind::invalid,
                       fmt::format("cannot open process {}: not the number of a process", pid),
                       EINVAL);
    UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (pidfd) return pidfd;
    // EINVAL and, since Linux 6.15, ENOENT: a thread has that number, no process.
    if (errno == ESRCH || errno == EINVAL || errno == ENOENT) return gone(pid);
    return system_failure(fmt::format("open process {}", pid));
}

Result<Process> Process::open_pid(pid_t pid) {
    auto pidfd = open_pidfd(pid);
    if (!pidfd) return Failure(std::move(pidfd.error()));
    // Read while the pidfd says that the process has not exited, the start time is that process's:
    // its number cannot have been given to another one before.
    const auto stat = read_stat(pid);
    const auto exited = has_exited(pidfd->get());
    if (!exited) return Failure(exited.error());
    if (*exited) return gone(pid);
    if (!stat) return Failure(stat.error());
    return Process(stat->id, std::move(*pidfd));
}

Result<Process> Process::open(ProcessId id) {
    auto process = open_pid(id.pid);
    if (process && process->id() != id) return gone(id.pid);
    return process;
}

Result<> Process::signal(int signo) const {
    if (::syscall(SYS_pidfd_send_signal, pidfd_.get(), signo, nullptr, 0) == 0) return {};
    if (errno == ESRCH) return {};
    return system_failure(fmt::format("send signal {} to process {}", signo, id_.pid));
}

Result<bool> Process::wait_gone(std::chrono::milliseconds timeout) const {
    return wait_exited(pidfd_.get(), timeout);
}

Result<bool> wait_exited(int pidfd, std::chrono::milliseconds timeout) {
    pollfd waiting{.fd = pidfd, .events = POLLIN, .revents = 0};
    const auto limit = std::clamp<std::chrono::milliseconds::rep>(timeout.count(), -1, INT_MAX);
    const int ready = ::poll(&waiting, 1, static_cast<int>(limit));
    if (ready < 0) return system_failure("wait for a process");
    if ((waiting.revents & POLLNVAL) != 0) return system_failure("wait for a process", EBADF);
    return ready > 0;
}

}  // namespace comar
