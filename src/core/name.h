// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace comar {

/// The name that a service has in D-Bus paths, files and `script()` (SPEC 4): every character
/// outside [A-Za-z0-9_] becomes `_`, and a leading digit gets `_` before it, so "my-app" and
/// "my_app" are one service. A character of several UTF-8 bytes becomes one `_`. A name that is
/// safe already comes back unchanged; an empty one stays empty.
[[nodiscard]] std::string bus_safe_name(std::string_view name);

}  // namespace comar
