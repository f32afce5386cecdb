// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "cli/arguments.h"
#include "core/result.h"
#include "os/unique_fd.h"

namespace comar::cli {

/// Where a comard listens.
struct Address {
    std::string socket;          ///< path of its private socket
    bool or_system_bus = false;  ///< where nobody listens on the socket, try the system bus
    std::string options;         ///< what reached it: "", " --root DIR" or " --socket PATH"
    std::string start_command;   ///< how to start a comard that listens there
};

/// --socket before --root before COMAR_ROOT (null: not set) before /run/comar/bus. Only where
/// none was given may the system bus answer instead.
[[nodiscard]] Address choose_address(const Invocation& invocation, const char* environment_root);

/// The address that the command line and this process's environment name.
[[nodiscard]] Address address_of(const Invocation& invocation);

/// A connected stream socket. Paths longer than sun_path, unix(7), work too. unavailable: nobody
/// listens; denied: not for this user.
[[nodiscard]] Result<UniqueFd> connect_to(const std::string& socket);

/// What stands before all paths of the comard that the command line names.
[[nodiscard]] std::string root_of(const Invocation& invocation);
/// Where a comard writes the logs of its services. `root`: what stands before all its paths.
[[nodiscard]] std::string log_folder(const std::string& root);

}  // namespace comar::cli
