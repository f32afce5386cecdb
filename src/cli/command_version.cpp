// SPDX-License-Identifier: MIT
#include "cli/command.h"
#include "cli/output.h"

namespace comar::cli {

ExitCode run_version(const Invocation&, Output& output) {
    output.print("comar " COMAR_VERSION "\n");
    return ExitCode::ok;
}

}  // namespace comar::cli
