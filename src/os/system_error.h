// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <string>
#include <string_view>

#include "core/result.h"

namespace comar {

/// What an errno means to a caller that branches: ENOENT and ESRCH are not_found, EACCES and EPERM
/// denied, and so on; what has no better name is internal.
[[nodiscard]] ErrorKind kind_of(int os_error);

/// The text of an errno, "Permission denied".
[[nodiscard]] std::string describe(int os_error);

/// A failed system call: "cannot open /run/x: Permission denied".
[[nodiscard]] Failure system_failure(std::string_view doing, int os_error = errno);

}  // namespace comar
