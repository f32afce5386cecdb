// SPDX-License-Identifier: MIT
#include "cli/utf8.h"

namespace comar::cli {
namespace {

/// How a character begins that takes `size` bytes, and the least that needs so many.
struct Form {
    unsigned mask;
    unsigned lead;
    std::size_t size;
    char32_t least;
};
constexpr Form forms[] = {
    {0x80, 0x00, 1, 0}, {0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};

bool is_character(char32_t code) { return code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff); }

}  // namespace

Utf8Character first_character(std::string_view text) {
    const auto byte_at = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const Utf8Character broken{byte_at(0), 1, false};
    for (const Form& form : forms) {
        if ((byte_at(0) & form.mask) != form.lead) continue;
        if (text.size() < form.size) return broken;
        char32_t code = byte_at(0) & ~form.mask;
        for (std::size_t at = 1; at < form.size; ++at) {
            if ((byte_at(at) & 0xc0U) != 0x80U) return broken;
            code = code << 6U | (byte_at(at) & 0x3fU);
        }
        if (code < form.least || !is_character(code)) return broken;
        return {code, form.size, true};
    }
    return broken;
}

}  // namespace comar::cli
