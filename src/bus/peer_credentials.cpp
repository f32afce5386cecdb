// SPDX-License-Identifier: MIT
#include "bus/peer_credentials.h"

#include <string>
#include <utility>

#include <sys/socket.h>

#include "os/read_file.h"
#include "os/system_error.h"

namespace comar::bus {
namespace {

/// The kernel keeps 15 bytes, proc(5).
constexpr std::size_t longest_program = 64;

}  // namespace

Result<PeerCredentials> peer_credentials_of(int socket) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
        return system_failure("tell who has connected");
    const std::string comm = "/proc/" + std::to_string(credentials.pid) + "/comm";
    std::string program = read_beginning(comm, longest_program).value_or("");
    if (program.ends_with('\n')) program.pop_back();
    return PeerCredentials{credentials.uid, credentials.gid, credentials.pid, std::move(program)};
}

}  // namespace comar::bus
