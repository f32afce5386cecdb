// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace comar::bus {

/// Decodes base64 (RFC 4648, section 4) with its padding and without line breaks; empty: it is
/// something else.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace comar::bus
