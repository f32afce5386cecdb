// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "bus/value.h"

namespace comar::bus {

// Dicts as docs/protocol.md ("Values") encodes them: {"dict": [[key, value], …]}.

[[nodiscard]] Json empty_dict();

/// Adds an entry; a key that is there already is not looked for.
void put(Json& dict, std::string key, Json value);

/// The value of a key that is text; null where it is not there.
[[nodiscard]] Json value_of(const Json& dict, std::string_view key);

}  // namespace comar::bus
