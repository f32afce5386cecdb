// SPDX-License-Identifier: MIT
#pragma once

#include "core/result.h"
#include "os/unique_fd.h"

namespace comar {

/// Both ends close-on-exec, pipe(7).
struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;
};

Result<Pipe> make_pipe();

/// Opens a pipe or FIFO, one end of which is `fd`, once more for reading and writing, close-on-exec
/// and blocking. Whoever holds the result as stdout never gets SIGPIPE, since it is a reader
/// itself. invalid: `fd` is something else.
Result<UniqueFd> reopen_read_write(int fd);

}  // namespace comar
