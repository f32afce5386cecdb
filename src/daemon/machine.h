// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include <sys/resource.h>

#include "daemon/paths.h"

namespace comar {

// What comard asks of the machine once, when it starts.

/// The cgroup for the services' cgroups, made if it was not there; empty where there is none to be
/// had. Each root has one of its own, so that private comards do not meet. Where one of our own
/// services has started us, as a bus does on demand, we leave its cgroup first: whoever stops that
/// service would end comard and all that it starts.
[[nodiscard]] std::string find_cgroup_parent(const Paths& paths);

/// Two FIFOs and a log a service take more descriptors than the usual limit allows. Returns the
/// limit that was there before; empty: it is not known.
std::optional<rlimit> raise_descriptor_limit();

}  // namespace comar
