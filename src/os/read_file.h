// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "core/result.h"
#include "os/unique_fd.h"

namespace comar {

/// Opens a regular file for reading: close-on-exec, never blocks, not even on a FIFO. Symbolic
/// links are followed. invalid: something else than a regular file has that name.
Result<UniqueFd> open_regular_file(const std::string& path);

/// The whole file at `path`. More than `max_bytes` is an error that names the limit.
Result<std::string> read_file(const std::string& path, std::size_t max_bytes);

/// At most the first `max_bytes` of the file at `path`; the rest is ignored.
Result<std::string> read_beginning(const std::string& path, std::size_t max_bytes);

/// At most `max_bytes` from where `fd` stands. `name` is for the error.
Result<std::string> read_up_to(int fd, std::size_t max_bytes, const std::string& name);

}  // namespace comar
