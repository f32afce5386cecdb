// SPDX-License-Identifier: MIT
#include "daemon/notify_sockets.h"

#include <array>
#include <charconv>
#include <cstring>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "os/system_error.h"
#include "os/unix_address.h"

namespace comar {
namespace {

/// sd_notify(3) has no limit; nobody says more about himself.
constexpr std::size_t most_bytes = 4096;
constexpr std::size_t longest_status = 512;
/// At a time, so that one that talks without end leaves time for others.
constexpr int most_messages = 32;
constexpr int most_descriptors = 16;

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && !text.empty() ? std::optional(number) : std::nullopt;
}

/// UTF-8 is cut between characters.
std::string shortened(std::string_view text) {
    if (text.size() <= longest_status) return std::string(text);
    std::size_t size = longest_status;
    constexpr std::size_t longest_character = 4;
    for (std::size_t i = 0; i < longest_character; ++i) {
        if ((static_cast<unsigned char>(text[size - i]) & 0xC0U) != 0x80U) {
            size -= i;
            break;
        }
    }
    return std::string(text.substr(0, size));
}

void take(std::string_view key, std::string_view value, Notification& into) {
    if (key == "READY") {
        into.ready = value == "1";
    } else if (key == "STOPPING") {
        into.stopping = value == "1";
    } else if (key == "RELOADING") {
        into.reloading = value == "1";
    } else if (key == "WATCHDOG") {
        into.alive = value == "1";
        into.trigger = value == "trigger";
    } else if (key == "STATUS") {
        into.status = shortened(value);
    } else if (key == "MAINPID") {
        if (const auto pid = number_of(value); pid && *pid > 0 && *pid <= INT32_MAX) {
            into.main = static_cast<pid_t>(*pid);
        }
    } else if (key == "WATCHDOG_USEC") {
        into.watchdog_usec = number_of(value);
    } else if (key == "EXTEND_TIMEOUT_USEC") {
        into.extend_usec = number_of(value);
    }
}

struct Datagram {
    std::string text;
    NotifySockets::Sender sender;
};

/// Descriptors that come along are not wanted, and closed.
NotifySockets::Sender read_control(msghdr& header) {
    NotifySockets::Sender sender;
    for (cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr;
         item = CMSG_NXTHDR(&header, item)) {
        if (item->cmsg_level != SOL_SOCKET) continue;
        if (item->cmsg_type == SCM_CREDENTIALS) {
            ucred credentials{};
            std::memcpy(&credentials, CMSG_DATA(item), sizeof(credentials));
            sender = {credentials.pid, credentials.uid};
        } else if (item->cmsg_type == SCM_RIGHTS) {
            const std::size_t count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            for (std::size_t i = 0; i < count; ++i) {
                int fd = -1;
                std::memcpy(&fd, CMSG_DATA(item) + i * sizeof(int), sizeof(fd));
                // BARRIER=1 waits for just that.
                const UniqueFd closed(fd);
            }
        }
    }
    return sender;
}

std::optional<Datagram> receive(int socket) {
    std::array<char, most_bytes> text;
    alignas(cmsghdr)
        std::array<char, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(sizeof(int) * most_descriptors)>
            control;
    iovec part{text.data(), text.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t size = ::recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size < 0) return std::nullopt;
    return Datagram{std::string(text.data(), static_cast<std::size_t>(size)), read_control(header)};
}

Result<UniqueFd> listen_at(const std::string& path) {
    const auto address = unix_address(path);
    if (!address)
        return failure(ErrorKind::invalid, "cannot use " + path + ": the path is too long");
    UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return system_failure("make a socket");
    const int on = 1;
    if (::setsockopt(socket.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) != 0) {
        return system_failure("ask for the senders of " + path);
    }
    // That of an earlier comard; programs open it by name for each message.
    (void)::unlink(path.c_str());
    if (::bind(socket.get(), as_sockaddr(*address), sizeof *address) != 0) {
        return system_failure("listen at " + path);
    }
    // The program may run as anybody.
    if (::chmod(path.c_str(), 0666) != 0) return system_failure("open " + path + " to all");
    return socket;
}

/// Empty: it is no such socket.
std::string bound_to(int socket) {
    sockaddr_un address{};
    socklen_t size = sizeof address;
    if (::sd_is_socket_unix(socket, SOCK_DGRAM, -1, nullptr, 0) <= 0) return "";
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "";
    return {address.sun_path, ::strnlen(address.sun_path, sizeof address.sun_path)};
}

}  // namespace

Notification parse_notification(std::string_view text) {
    Notification said;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (const std::size_t equals = line.find('='); equals != std::string_view::npos) {
            take(line.substr(0, equals), line.substr(equals + 1), said);
        }
    }
    return said;
}

Result<std::string> NotifySockets::open(const std::string& app) {
    std::string path = path_of(app);
    if (sockets_.contains(app)) return path;
    auto fd = listen_at(path);
    if (!fd) return Failure(std::move(fd.error()));
    if (auto added = add(app, std::move(*fd)); !added) return Failure(std::move(added.error()));
    return path;
}

Result<> NotifySockets::add(const std::string& app, UniqueFd fd) {
    auto watch =
        IoWatch::create(loop_, fd.get(), EPOLLIN, [this, app](std::uint32_t) { read(app); });
    if (!watch) return Failure(std::move(watch.error()));
    sockets_.emplace(app, Socket{std::move(fd), std::move(*watch)});
    return {};
}

void NotifySockets::take_handed_over() {
    const int count = ::sd_listen_fds(0);
    for (int number = SD_LISTEN_FDS_START; number < SD_LISTEN_FDS_START + count; ++number) {
        const std::string path = bound_to(number);
        if (!path.starts_with(folder_ + "/")) continue;
        const std::string app = path.substr(folder_.size() + 1);
        if (!sockets_.contains(app)) (void)add(app, UniqueFd(number));
    }
}

std::vector<UniqueFd> NotifySockets::hand_over() {
    std::vector<UniqueFd> all;
    for (auto& [app, socket] : sockets_) {
        socket.watch.reset();
        all.push_back(std::move(socket.fd));
    }
    sockets_.clear();
    return all;
}

void NotifySockets::close(const std::string& app) {
    if (sockets_.erase(app) > 0) (void)::unlink(path_of(app).c_str());
}

void NotifySockets::read(const std::string& app) {
    for (int count = 0; count < most_messages; ++count) {
        const auto found = sockets_.find(app);
        if (found == sockets_.end()) return;
        const auto datagram = receive(found->second.fd.get());
        if (!datagram) return;
        told_(app, datagram->sender, parse_notification(datagram->text));
    }
}

}  // namespace comar
