// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <sys/types.h>

#include "core/result.h"

namespace comar::bus {

/// Who is at the other end of a private connection, from the kernel (SO_PEERCRED, unix(7)): as it
/// was when the client connected.
struct PeerCredentials {
    uid_t uid = 0;
    gid_t gid = 0;
    pid_t pid = 0;
    std::string program;  ///< what it was called when it connected, its own word; empty: not known
};

Result<PeerCredentials> peer_credentials_of(int socket);

}  // namespace comar::bus
