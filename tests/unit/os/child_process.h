// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <cstdlib>
#include <utility>

#include <sys/types.h>
#include <sys/wait.h>

#include <unistd.h>

#include "os/pipe.h"
#include "os/unique_fd.h"

namespace comar::test {

/// waitpid(2) until it is done; the status.
inline int wait_for(pid_t pid) {
    int status = -1;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

/// A child that runs until end(), or until it is destroyed.
class WaitingChild {
public:
    explicit WaitingChild(int exit_code = 0) {
        auto pipe = make_pipe();
        if (!pipe) std::abort();
        pid_ = ::fork();
        if (pid_ == 0) {
            pipe->write_end.reset();
            char byte = 0;
            const ssize_t got = ::read(pipe->read_end.get(), &byte, 1);
            ::_exit(got == 1 ? exit_code : 99);
        }
        pipe_ = std::move(*pipe);
    }
    WaitingChild(const WaitingChild&) = delete;
    WaitingChild& operator=(const WaitingChild&) = delete;
    ~WaitingChild() {
        end();
        if (!reaped_) wait_for(pid_);
    }

    [[nodiscard]] pid_t pid() const { return pid_; }
    /// Lets it exit; it waits to be reaped then. A byte tells it so: children made after it have
    /// the other end of its pipe too, so closing ours would not.
    void end() {
        if (pipe_.write_end && ::write(pipe_.write_end.get(), "", 1) != 1) std::abort();
        pipe_.write_end.reset();
    }
    /// Waits until it has exited, and leaves it unreaped.
    void wait_until_exited() const {
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
    }
    /// Waits until it has exited; the status of waitpid(2).
    int reap() {
        reaped_ = true;
        return wait_for(pid_);
    }
    /// Somebody else has reaped it.
    void forget() { reaped_ = true; }

private:
    pid_t pid_ = -1;
    Pipe pipe_;  // with the end that is the child's, or writing to one that was killed ended us
    bool reaped_ = false;
};

/// Runs `check` in a child, for what would change the test program itself. True when it said true.
template <class Check>
bool holds_in_child(Check check) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(check() ? 0 : 1);
    return wait_for(pid) == 0;
}

}  // namespace comar::test
