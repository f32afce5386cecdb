// SPDX-License-Identifier: MIT
#include "host/fork_server.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <poll.h>
#include <pybind11/embed.h>
#include <unistd.h>

#include "os/proc_scan.h"

namespace comar {
namespace {

Failure failed(const char* doing, int error = errno) {
    return failure(ErrorKind::internal,
                   std::string("cannot ").append(doing).append(": ").append(std::strerror(error)),
                   error);
}

/// The signals that the host reads from a descriptor; a worker gets them back.
sigset_t host_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    return set;
}

Result<> send_message(int socket, const std::string& message, int fd = -1) {
    iovec part{const_cast<char*>(message.data()), message.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    if (fd >= 0) {
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        cmsghdr* item = CMSG_FIRSTHDR(&header);
        item->cmsg_level = SOL_SOCKET;
        item->cmsg_type = SCM_RIGHTS;
        item->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(item), &fd, sizeof(int));
    }
    while (::sendmsg(socket, &header, MSG_NOSIGNAL) < 0) {
        // comard has gone; that is no failure, and reading its next request tells.
        if (errno == EPIPE) return {};
        if (errno != EINTR) return failed("answer comard");
    }
    return {};
}

}  // namespace

Result<> ForkServer::run() {
    const sigset_t set = host_signals();
    if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return failed("block signals");
    signals_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) return failed("create signalfd");
    while (true) {
        if (auto ready = wait_for_events(); !ready) return ready;
        if (auto reported = report_exits(); !reported) return reported;
        const auto more = take_request();
        if (!more) return Failure(more.error());
        if (!*more) return {};
    }
}

Result<> ForkServer::wait_for_events() {
    std::array<pollfd, 2> watched{{{control_.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}}};
    while (::poll(watched.data(), watched.size(), -1) < 0) {
        if (errno != EINTR) return failed("wait for requests");
    }
    std::array<signalfd_siginfo, 16> drained;
    while (::read(signals_.get(), drained.data(), sizeof(drained)) > 0) {
    }
    return {};
}

Result<bool> ForkServer::take_request() {
    std::array<char, 256> request;
    const ssize_t size = ::recv(control_.get(), request.data(), request.size(), MSG_DONTWAIT);
    if (size == 0) return false;
    if (size < 0) {
        if (errno == EAGAIN || errno == EINTR) return true;
        return errno == ECONNRESET ? Result<bool>(false) : failed("read a request");
    }
    // There is one request only: "fork".
    if (auto made = fork_worker(); !made) {
        const auto told = send_message(
            control_.get(), R"({"op": "error", "message": ")" + made.error().message + R"("})");
        if (!told) return Failure(told.error());
    }
    return true;
}

Result<> ForkServer::fork_worker() {
    std::array<int, 2> pair{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
        return failed("create a socket");
    }
    UniqueFd ours(pair[0]);
    UniqueFd theirs(pair[1]);
    PyOS_BeforeFork();
    const pid_t pid = ::fork();
    if (pid == 0) {
        ours.reset();
        become_worker(std::move(theirs));
    }
    const int error = errno;
    PyOS_AfterFork_Parent();
    if (pid < 0) return failed("fork", error);
    const auto stat = read_stat(pid);
    const ProcessId id = stat ? stat->id : ProcessId{pid, 0};
    const std::string message = R"({"op": "worker", "pid": )" + std::to_string(id.pid) +
                                R"(, "start_time": )" + std::to_string(id.start_time) + "}";
    return send_message(control_.get(), message, ours.get());
}

void ForkServer::become_worker(UniqueFd socket) {
    PyOS_AfterFork_Child();
    control_.reset();
    signals_.reset();
    const sigset_t set = host_signals();
    ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
    ::prctl(PR_SET_PDEATHSIG, 0);
    work_(socket.release());
    ::_exit(0);
}

Result<> ForkServer::report_exits() {
    int status = 0;
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
        const std::string message = R"({"op": "exited", "pid": )" + std::to_string(pid) +
                                    R"(, "status": )" + std::to_string(status) + "}";
        if (auto sent = send_message(control_.get(), message); !sent) return sent;
    }
    return {};
}

}  // namespace comar
