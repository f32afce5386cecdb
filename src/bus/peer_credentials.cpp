// SPDX-License-Identifier: MIT
#include "bus/peer_credentials.h"

#include <sys/socket.h>

#include "os/system_error.h"

namespace comar::bus {

Result<PeerCredentials> peer_credentials_of(int socket) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
        return system_failure("tell who has connected");
    return PeerCredentials{credentials.uid, credentials.gid, credentials.pid};
}

}  // namespace comar::bus
