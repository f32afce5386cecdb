// SPDX-License-Identifier: MIT
#include "cli/password_agent.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include <sys/prctl.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "os/unique_fd.h"

namespace comar::cli {
namespace {

constexpr const char* program = "/usr/bin/pkttyagent";
/// Without an agent the question can still be answered with no.
constexpr int longest_registration = 5'000;  // milliseconds
constexpr int cannot_execute = 127;

[[noreturn]] void become_agent(pid_t comar, const std::string& subject, int notify) {
    // It must not ask for anybody once comar is gone.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != comar) ::_exit(cannot_execute);
    ::fcntl(notify, F_SETFD, 0);
    const std::string fd = std::to_string(notify);
    // polkit uses an agent of second rank only in a login session, and there alone may be another.
    const char* rank = ::getenv("XDG_SESSION_ID") != nullptr ? "--fallback" : nullptr;
    ::execl(program, program, "--process", subject.c_str(), "--notify-fd", fd.c_str(), rank,
            nullptr);
    ::_exit(cannot_execute);
}

/// pkttyagent closes its end when polkit knows it, and by ending.
void wait_registered(int notify) {
    pollfd file{notify, 0, 0};
    while (::poll(&file, 1, longest_registration) < 0 && errno == EINTR) {
    }
}

}  // namespace

PasswordAgent PasswordAgent::on_terminal() {
    const bool is_possible =
        ::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0 && ::access(program, X_OK) == 0;
    int ends[2];
    if (!is_possible || ::pipe2(ends, O_CLOEXEC) != 0) return {};
    const UniqueFd ours(ends[0]);
    UniqueFd theirs(ends[1]);
    const pid_t comar = ::getpid();
    const std::string subject = std::to_string(comar);
    const pid_t pid = ::fork();
    if (pid == 0) become_agent(comar, subject, theirs.get());
    theirs.reset();
    if (pid > 0) wait_registered(ours.get());
    return PasswordAgent(pid);
}

PasswordAgent::~PasswordAgent() {
    if (pid_ <= 0) return;
    // It gives the terminal back as it was.
    ::kill(pid_, SIGTERM);
    ::kill(pid_, SIGCONT);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

}  // namespace comar::cli
