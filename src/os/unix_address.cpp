// SPDX-License-Identifier: MIT
#include "os/unix_address.h"

#include <cstring>

namespace comar {

std::optional<sockaddr_un> unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

}  // namespace comar
