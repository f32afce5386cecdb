// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/result.h"
#include "os/unique_fd.h"

namespace comar {

/// Opens the FIFO at `path`, made where it is not there (mode 0600), non-blocking, for reading and
/// writing: so it has no end, and a writer that comes and goes changes nothing. invalid: something
/// else is there; a symbolic link is not followed.
Result<UniqueFd> open_fifo(const std::string& path);

/// One that is there, for a program to write to: whoever holds such an end never gets SIGPIPE, and
/// it is there while nobody reads. Writing blocks while the FIFO is full.
Result<UniqueFd> open_fifo_for_program(const std::string& path);

/// Whether anybody has such an end of the FIFO at `path`. Once nobody has, all that was written and
/// not read is lost.
[[nodiscard]] bool is_fifo_open(const std::string& path);

}  // namespace comar
