// SPDX-License-Identifier: MIT
#include "cli/address.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>

#include <fcntl.h>
#include <unistd.h>

namespace comar::cli {
namespace {

constexpr std::string_view socket_below_root = "/run/comar/bus";

std::string without_slash_at_end(std::string path) {
    while (path.ends_with('/')) path.pop_back();
    return path;
}

/// Only a comard with that root listens there.
std::string start_command_for(std::string_view socket) {
    if (!socket.ends_with(socket_below_root)) return "comard";
    socket.remove_suffix(socket_below_root.size());
    return socket.empty() ? "comard" : "comard --root " + std::string(socket);
}

Failure cannot_connect(const std::string& socket, int error) {
    ErrorKind kind = ErrorKind::internal;
    if (error == ENOENT || error == ECONNREFUSED || error == ENOTDIR) kind = ErrorKind::unavailable;
    if (error == EACCES || error == EPERM) kind = ErrorKind::denied;
    return failure(kind, "cannot connect to " + socket + ": " + std::strerror(error), error);
}

/// sun_path takes 107 bytes. A longer path is reached through a descriptor of its folder, which
/// has to stay open until the call to connect(2).
class ShortPath {
public:
    explicit ShortPath(const std::string& path) : path_(path) {
        if (path.size() < sizeof(sockaddr_un::sun_path)) return;
        const auto slash = path.rfind('/');
        if (slash == std::string::npos) return;
        const std::string folder = path.substr(0, slash + 1);
        folder_.reset(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (folder_) path_ = "/proc/self/fd/" + std::to_string(folder_.get()) + path.substr(slash);
    }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    UniqueFd folder_;
    std::string path_;
};

}  // namespace

Address choose_address(const Invocation& invocation, const char* environment_root) {
    Address address;
    std::string root = invocation.root;
    if (root.empty() && environment_root != nullptr) root = environment_root;
    if (!invocation.socket.empty()) {
        address.socket = invocation.socket;
        address.options = " --socket " + invocation.socket;
    } else {
        address.socket = without_slash_at_end(root).append(socket_below_root);
        address.or_system_bus = root.empty();
        if (!invocation.root.empty()) address.options = " --root " + root;
    }
    address.start_command = start_command_for(address.socket);
    return address;
}

Address address_of(const Invocation& invocation) {
    return choose_address(invocation, std::getenv("COMAR_ROOT"));
}

Result<UniqueFd> connect_to(const std::string& socket) {
    const ShortPath shortened(socket);
    const std::string& path = shortened.path();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) return cannot_connect(socket, ENAMETOOLONG);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);

    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // Where a standard stream is closed the socket would become that stream.
    if (fd && fd.get() <= STDERR_FILENO)
        fd.reset(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!fd) return cannot_connect(socket, errno);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
        return cannot_connect(socket, errno);
    return fd;
}

std::string root_of(const Invocation& invocation) {
    constexpr std::string_view socket = "/run/comar/bus";
    std::string root = address_of(invocation).socket;
    if (!root.ends_with(socket)) return {};
    root.resize(root.size() - socket.size());
    return root;
}

std::string log_folder(const std::string& root) { return root + "/var/log/comar"; }

}  // namespace comar::cli
