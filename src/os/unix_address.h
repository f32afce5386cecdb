// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>

namespace comar {

/// The address of the socket at `path`, unix(7). None: the path is empty, or longer than the 107
/// bytes of sun_path.
[[nodiscard]] std::optional<sockaddr_un> unix_address(const std::string& path);

/// As bind(2), connect(2) and sendto(2) want it.
[[nodiscard]] inline const sockaddr* as_sockaddr(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace comar
