// SPDX-License-Identifier: MIT
#include "os/reap.h"

#include <csignal>
#include <cstring>

#include <sys/prctl.h>
#include <sys/wait.h>

#include "os/system_error.h"

namespace comar {

namespace {

// Linux 5.4; named here since not every C library has it.
constexpr auto by_pidfd = static_cast<idtype_t>(3);

ExitStatus status_of(const siginfo_t& info) {
    if (info.si_code == CLD_EXITED) return {.code = info.si_status, .signal = 0};
    return {.code = 0, .signal = info.si_status};
}

/// waitid(2) that neither waits nor is interrupted; false: nothing to reap, with errno.
bool reap_one(idtype_t type, id_t id, siginfo_t& info, int options = 0) {
    info = {};
    int failed = 0;
    do failed = ::waitid(type, id, &info, WEXITED | WNOHANG | options);
    while (failed != 0 && errno == EINTR);
    return failed == 0;
}

}  // namespace

std::string to_string(const ExitStatus& status) {
    if (status.signal == 0) return "exit code " + std::to_string(status.code);
    return "signal " + std::to_string(status.signal) + " (" + ::strsignal(status.signal) + ")";
}

Result<std::optional<ExitStatus>> reap(int pidfd) {
    siginfo_t info{};
    if (!reap_one(by_pidfd, static_cast<id_t>(pidfd), info)) return system_failure("reap a child");
    if (info.si_pid == 0) return std::nullopt;
    return status_of(info);
}

std::vector<ReapedChild> reap_children(const std::function<void(pid_t)>& before) {
    std::vector<ReapedChild> reaped;
    siginfo_t info{};
    const int first_look = before ? WNOWAIT : 0;
    while (reap_one(P_ALL, 0, info, first_look) && info.si_pid != 0) {
        reaped.push_back({.pid = info.si_pid, .status = status_of(info)});
        if (!before) continue;
        before(info.si_pid);
        if (!reap_one(P_PID, static_cast<id_t>(info.si_pid), info)) break;
    }
    return reaped;
}

Result<> become_subreaper() {
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0) return {};
    return system_failure("become the parent of orphans");
}

Result<> set_parent_death_signal(int signo) {
    if (::prctl(PR_SET_PDEATHSIG, signo, 0, 0, 0) == 0) return {};
    return system_failure("ask for a signal when the parent ends");
}

}  // namespace comar
