// SPDX-License-Identifier: MIT
#pragma once

#include "core/result.h"
#include "os/unique_fd.h"

namespace comar {

/// Goes on in the background: in another process, in a session of its own, that is no child of
/// whoever started this one. This one waits until something is written to what is returned, and
/// ends with 0; or until that is closed, and ends with the exit code of the other one.
Result<UniqueFd> detach();

}  // namespace comar
