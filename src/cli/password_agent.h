// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include <sys/types.h>

namespace comar::cli {

/// Asks for passwords on the terminal on behalf of polkit, pkttyagent(1), as long as it lives. A
/// desktop's own agent goes first.
class PasswordAgent {
public:
    PasswordAgent() noexcept = default;
    PasswordAgent(PasswordAgent&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
    PasswordAgent& operator=(PasswordAgent&& other) noexcept {
        std::swap(pid_, other.pid_);
        return *this;
    }
    ~PasswordAgent();

    /// Returns when polkit knows of it. Asks nobody where there is no terminal, or no pkttyagent:
    /// polkit then refuses what needs a password.
    static PasswordAgent on_terminal();

private:
    explicit PasswordAgent(pid_t pid) noexcept : pid_(pid) {}

    pid_t pid_ = -1;
};

}  // namespace comar::cli
