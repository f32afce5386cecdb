// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include <sys/resource.h>

namespace comar {

// What comard asks of the machine once, when it starts.

/// The cgroup for the services' cgroups, made if it was not there; empty where there is none to be
/// had. Each root has one of its own, so that private comards do not meet.
[[nodiscard]] std::string find_cgroup_parent(const std::string& root);

/// Two FIFOs and a log a service take more descriptors than the usual limit allows. Returns the
/// limit that was there before; empty: it is not known.
std::optional<rlimit> raise_descriptor_limit();

}  // namespace comar
