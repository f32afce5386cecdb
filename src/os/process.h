// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

#include <sys/types.h>

#include "core/result.h"
#include "os/unique_fd.h"

namespace comar {

/// Names one process for good: a pid is reused, a pid with its start time is not.
struct ProcessId {
    pid_t pid = 0;
    std::uint64_t start_time = 0;  ///< clock ticks since boot: field 22 of /proc/PID/stat, proc(5)
    bool operator==(const ProcessId&) const = default;
};

/// A process that may be signalled. The pidfd pins it, so a recycled pid is never hit; the bare
/// number is for logs and /proc. Nothing outside this class calls kill(2).
class Process {
public:
    /// Opens the pidfd first and compares the start time after.
    /// not_found (os_error ESRCH): that process has exited, also when nobody has reaped it yet.
    static Result<Process> open(ProcessId id);

    /// Pins whatever has that pid now. Errors as open(); a pid of 0 or less is invalid.
    static Result<Process> open_pid(pid_t pid);

    /// pidfd_send_signal(2). Already exited is success: what was wished for is so.
    Result<> signal(int signo) const;

    /// Waits until the process has exited; false: it still runs after `timeout`.
    /// For programs that may wait, never for comard. A signal that interrupts the wait ends it
    /// with os_error EINTR.
    Result<bool> wait_gone(std::chrono::milliseconds timeout) const;

    /// Readable once the process has exited, pidfd_open(2); the loop watches it.
    [[nodiscard]] int pidfd() const noexcept { return pidfd_.get(); }
    [[nodiscard]] ProcessId id() const noexcept { return id_; }

private:
    Process(ProcessId id, UniqueFd pidfd) noexcept : id_(id), pidfd_(std::move(pidfd)) {}

    ProcessId id_;
    UniqueFd pidfd_;
};

/// Signals a process once. That it has exited already is as good.
void signal_process(const ProcessId& id, int signo);

/// pidfd_open(2), close-on-exec. not_found (os_error ESRCH): there is no such process.
Result<UniqueFd> open_pidfd(pid_t pid);

/// Waits until `pidfd` says that its process has exited; false: not within `timeout`. Negative:
/// without limit. Errors as Process::wait_gone().
Result<bool> wait_exited(int pidfd, std::chrono::milliseconds timeout);

}  // namespace comar
