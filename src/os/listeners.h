// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace comar {

/// The inodes of the TCP sockets that listen at `port`, at whatever address, proc(5). A socket that
/// is not there was not there, or could not be seen: nothing more may be concluded from that.
[[nodiscard]] std::set<std::uint64_t> listeners_at(int port, const std::string& proc = "/proc");

/// The same for Unix sockets that were bound to this very path, also when another file is there by
/// now.
[[nodiscard]] std::set<std::uint64_t> listeners_at(const std::string& path,
                                                   const std::string& proc = "/proc");

}  // namespace comar
