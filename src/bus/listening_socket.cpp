// SPDX-License-Identifier: MIT
#include "bus/listening_socket.h"

#include <optional>
#include <utility>

#include <sys/socket.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "os/system_error.h"
#include "os/unix_address.h"

namespace comar::bus {
namespace {

constexpr int backlog = 128;

Result<UniqueFd> open_socket() {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return system_failure("create a socket");
    return fd;
}

/// What is at a path, without following a link; empty: nothing.
Result<std::optional<struct stat>> look_at(const std::string& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) == 0) return status;
    if (errno == ENOENT) return std::nullopt;
    return system_failure("look at " + path);
}

/// Somebody listens if a connection is made, or would be if the queue were shorter.
Result<bool> is_served(const sockaddr_un& address) {
    const auto probe = open_socket();
    if (!probe) return Failure(probe.error());
    if (::connect(probe->get(), as_sockaddr(address), sizeof address) == 0 || errno == EAGAIN)
        return true;
    if (errno == ECONNREFUSED || errno == ENOENT) return false;
    return system_failure(std::string("try the socket ") + address.sun_path);
}

Result<> remove_stale(const std::string& path, const sockaddr_un& address) {
    const auto there = look_at(path);
    if (!there) return Failure(there.error());
    if (!*there) return {};
    if (!S_ISSOCK((*there)->st_mode))
        return failure(ErrorKind::invalid,
                       "cannot listen at " + path + ": something other than a socket is there");
    const auto served = is_served(address);
    if (!served) return Failure(served.error());
    if (*served)
        return failure(ErrorKind::busy,
                       "cannot listen at " + path + ": another program listens there");
    if (::unlink(path.c_str()) < 0 && errno != ENOENT) return system_failure("remove " + path);
    return {};
}

/// A client that came while nobody looked waits in its queue.
std::optional<UniqueFd> take_inherited(const std::string& path) {
    const int count = ::sd_listen_fds(0);
    for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; ++fd) {
        if (::sd_is_socket_unix(fd, SOCK_STREAM, 1, path.c_str(), 0) <= 0) continue;
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
        return UniqueFd(fd);
    }
    return std::nullopt;
}

/// The mode is that of the umask during bind(2), so no moment shows another one.
Result<> bind_with_mode(int fd, const sockaddr_un& address, mode_t mode) {
    const mode_t before = ::umask(0777 & ~mode);
    const int result = ::bind(fd, as_sockaddr(address), sizeof address);
    const int error = errno;
    ::umask(before);
    if (result < 0) return system_failure(std::string("listen at ") + address.sun_path, error);
    return {};
}

}  // namespace

ListeningSocket::ListeningSocket(UniqueFd fd, std::string path, dev_t device, ino_t inode) noexcept
    : fd_(std::move(fd)), path_(std::move(path)), device_(device), inode_(inode) {}

ListeningSocket::ListeningSocket(ListeningSocket&&) noexcept = default;

ListeningSocket& ListeningSocket::operator=(ListeningSocket&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(path_, other.path_);
    std::swap(device_, other.device_);
    std::swap(inode_, other.inode_);
    return *this;
}

ListeningSocket::~ListeningSocket() {
    struct stat status{};
    if (!fd_ || ::lstat(path_.c_str(), &status) < 0) return;
    if (status.st_dev == device_ && status.st_ino == inode_) ::unlink(path_.c_str());
}

Result<ListeningSocket> ListeningSocket::create(const std::string& path, mode_t mode) {
    const auto address = unix_address(path);
    if (!address)
        return failure(ErrorKind::invalid,
                       "cannot listen at " + path + ": the path of a socket has 1 to 107 bytes");
    auto inherited = take_inherited(path);
    Result<UniqueFd> fd = inherited ? std::move(*inherited) : UniqueFd();
    if (!inherited) {
        if (auto removed = remove_stale(path, *address); !removed) return Failure(removed.error());
        fd = open_socket();
        if (!fd) return Failure(fd.error());
        if (auto bound = bind_with_mode(fd->get(), *address, mode); !bound)
            return Failure(bound.error());
    }
    struct stat status{};
    if (::lstat(path.c_str(), &status) < 0) return system_failure("look at " + path);
    ListeningSocket socket(std::move(*fd), path, status.st_dev, status.st_ino);
    if (::listen(socket.fd(), backlog) < 0) return system_failure("listen at " + path);
    return socket;
}

Result<UniqueFd> ListeningSocket::accept() const {
    for (;;) {
        UniqueFd client(::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (client || errno == EAGAIN || errno == EWOULDBLOCK) return client;
        if (errno != ECONNABORTED && errno != EINTR) return system_failure("accept a client");
    }
}

}  // namespace comar::bus
