// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "core/result.h"
#include "daemon/options.h"
#include "daemon/paths.h"
#include "daemon/settings.h"
#include "os/unique_fd.h"

namespace comar {

/// comard: all its parts, wired to one event loop. The order of the parts is the order in which
/// they need each other.
class Daemon {
public:
    /// Reads the settings, takes the lock of the root, finds what an earlier comard has left, and
    /// listens.
    static Result<std::unique_ptr<Daemon>> create(Options options);
    ~Daemon();

    /// Serves until SIGTERM or SIGINT. Services go on running. `ready` gets a newline when it
    /// serves, as sd_notify(3) is told.
    Result<int> run(UniqueFd ready);

    /// Whether it ended to be executed anew, Manager.Reexec. Empty: not. Else the sockets that
    /// go on listening meanwhile.
    [[nodiscard]] std::vector<UniqueFd> hand_over();

    struct Parts;

private:
    explicit Daemon(std::unique_ptr<Parts> parts);

    std::unique_ptr<Parts> parts_;
};

}  // namespace comar
