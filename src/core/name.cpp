// SPDX-License-Identifier: MIT
#include "core/name.h"

namespace comar {
namespace {

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

// Not isalnum(3): that one asks the locale.
bool is_safe(char letter) {
    return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
           is_digit(letter) || letter == '_';
}

// The bytes of a UTF-8 character after its first.
bool is_continuation(char letter) { return (static_cast<unsigned char>(letter) & 0xc0U) == 0x80U; }

}  // namespace

std::string bus_safe_name(std::string_view name) {
    std::string safe;
    safe.reserve(name.size() + 1);
    if (!name.empty() && is_digit(name.front())) safe.push_back('_');
    bool in_wide_character = false;
    for (const char letter : name) {
        const bool goes_on = in_wide_character && is_continuation(letter);
        in_wide_character = (static_cast<unsigned char>(letter) & 0x80U) != 0;
        if (!goes_on) safe.push_back(is_safe(letter) ? letter : '_');
    }
    return safe;
}

}  // namespace comar
