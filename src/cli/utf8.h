// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace comar::cli {

/// One character, or one byte that is none.
struct Utf8Character {
    char32_t code = 0;     ///< the byte's value where it is not valid
    std::size_t size = 1;  ///< bytes, 1 to 4
    bool valid = true;
};

/// The first character of `text`, which is not empty. Overlong forms, surrogates and characters
/// above U+10FFFF are not valid, RFC 3629.
[[nodiscard]] Utf8Character first_character(std::string_view text);

}  // namespace comar::cli
