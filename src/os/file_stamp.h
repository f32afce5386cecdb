// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <sys/stat.h>

namespace comar {

/// Tells two versions of a file apart, without reading it: another one that took its place, and one
/// that was written in place. Not for who wants to deceive: times can be set.
[[nodiscard]] std::string file_stamp(const struct stat& info);

}  // namespace comar
