// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "core/result.h"
#include "os/process.h"
#include "os/unique_fd.h"

namespace comar {

/// Makes workers on request, as docs/protocol.md has it under "Host control". What happens:
/// comard asks for one; the host forks it with one end of a new socket, sends the other end to
/// comard, and tells how each child ended: workers, and programs that workers have started as their
/// siblings. Ends when comard closes the control socket.
class ForkServer {
public:
    /// `work` runs in each worker with its socket, and does not return.
    using Work = std::function<void(int socket)>;

    ForkServer(UniqueFd control, Work work)
        : control_(std::move(control)), work_(std::move(work)) {}

    /// Serves until comard closes the socket (success) or the host itself fails.
    Result<> run();

private:
    Result<> wait_for_events();
    Result<bool> take_request();  ///< false: comard has closed
    Result<> fork_worker();
    void become_worker(UniqueFd socket);
    Result<> report_exits();

    UniqueFd control_;
    UniqueFd signals_;
    Work work_;
};

}  // namespace comar
