// SPDX-License-Identifier: MIT
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/detach.h"
#include "daemon/log.h"
#include "daemon/options.h"

namespace {

std::string own_program() {
    std::array<char, 4096> path{};
    const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
    return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : "";
}

/// As sd_listen_fds(3) takes them. What had these numbers is closed by execve(2) anyway.
void hand_over(std::vector<comar::UniqueFd> sockets) {
    constexpr int first = 3;
    const int above = first + static_cast<int>(sockets.size());
    for (comar::UniqueFd& socket : sockets) {
        socket = comar::UniqueFd(::fcntl(socket.get(), F_DUPFD_CLOEXEC, above));
    }
    std::erase_if(sockets, [](const comar::UniqueFd& socket) { return !socket; });
    int next = first;
    // Copies are not closed by execve(2).
    for (const comar::UniqueFd& socket : sockets) ::dup2(socket.get(), next++);
    ::setenv("LISTEN_FDS", std::to_string(sockets.size()).c_str(), 1);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
}

/// The same process goes on with what is in the program's file now. Returns only where it fails;
/// whoever supervises comard starts it then.
void execute_anew(const std::string& program, char** argv, std::vector<comar::UniqueFd> sockets) {
    hand_over(std::move(sockets));
    // It is in the background already, and has to stay the parent of its services.
    std::vector<char*> arguments;
    for (; *argv != nullptr; ++argv) {
        if (std::strcmp(*argv, "--detach") != 0) arguments.push_back(*argv);
    }
    arguments.push_back(nullptr);
    ::execv(program.c_str(), arguments.data());
    spdlog::error("cannot execute {}: {}", program, std::strerror(errno));
}

int complain(const comar::Error& error) {
    std::fprintf(stderr, "comard: %s\n", error.message.c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    // By the time that it is wanted, another version may be in its place.
    const std::string program = own_program();
    auto options = comar::read_options(argc, argv);
    if (!options) return options.error();
    options->program = program;
    const auto logging =
        comar::set_up_log(options->log_target, options->log_level, options->root.empty());
    if (!logging) return complain(logging.error());
    ::signal(SIGPIPE, SIG_IGN);
    // A terminal that closes is no reason to stop supervising.
    ::signal(SIGHUP, SIG_IGN);
    comar::UniqueFd ready;
    if (options->detach) {
        auto detached = comar::detach();
        if (!detached) return complain(detached.error());
        ready = std::move(*detached);
    }
    auto daemon = comar::Daemon::create(std::move(*options));
    if (!daemon) return complain(daemon.error());
    const auto code = (*daemon)->run(std::move(ready));
    auto sockets = (*daemon)->hand_over();
    daemon->reset();
    if (!sockets.empty()) execute_anew(program, argv, std::move(sockets));
    return code ? *code : complain(code.error());
}
