// SPDX-License-Identifier: MIT
#include "cli/text.h"

#include <clocale>
#include <cwchar>

#include <fmt/format.h>

#include "cli/utf8.h"

namespace comar::cli {
namespace {

bool is_control(char32_t code) { return code < 0x20 || (code >= 0x7f && code < 0xa0); }

bool reorders_or_breaks_lines(char32_t code) {
    return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0x200e || code == 0x200f || code == 0x2028 || code == 0x2029;
}

bool is_harmful(const Utf8Character& character) {
    return !character.valid || is_control(character.code) ||
           reorders_or_breaks_lines(character.code);
}

std::string escaped(const Utf8Character& character) {
    if (character.code == '\n') return "\\n";
    if (character.code == '\t') return "\\t";
    if (character.code == '\r') return "\\r";
    const auto code = static_cast<unsigned>(character.code);
    return code < 0x100 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{{{:04x}}}", code);
}

/// Walks over `text`: `write` gets each character and the bytes that it is made of.
template <class Write>
void for_each_character(std::string_view text, Write write) {
    while (!text.empty()) {
        const Utf8Character character = first_character(text);
        write(character, text.substr(0, character.size));
        text.remove_prefix(character.size);
    }
}

template <class Replacement>
std::string replace_harmful(std::string_view text, Replacement replacement) {
    std::string result;
    result.reserve(text.size());
    for_each_character(text, [&](const Utf8Character& character, std::string_view bytes) {
        if (is_harmful(character))
            result.append(replacement(character));
        else
            result.append(bytes);
    });
    return result;
}

/// The C library's table of widths, which only a UTF-8 locale has.
class WidthTable {
public:
    WidthTable() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {}
    WidthTable(const WidthTable&) = delete;
    WidthTable& operator=(const WidthTable&) = delete;
    ~WidthTable() {
        if (locale_ != nullptr) ::freelocale(locale_);
    }

    [[nodiscard]] std::size_t width_of(char32_t code) const {
        if (locale_ == nullptr) return 1;
        const locale_t before = ::uselocale(locale_);
        const int width = ::wcwidth(static_cast<wchar_t>(code));
        ::uselocale(before);
        return width < 0 ? 1 : static_cast<std::size_t>(width);
    }

private:
    locale_t locale_;
};

// Most text is ASCII, and then no locale is loaded at all.
std::size_t width_of(char32_t code) {
    if (code < 0x80) return 1;
    static const WidthTable table;
    return table.width_of(code);
}

}  // namespace

std::string escape_line(std::string_view text) { return replace_harmful(text, escaped); }

std::string escape_message(std::string_view text) {
    while (text.ends_with('\n')) text.remove_suffix(1);
    return replace_harmful(text, [](const Utf8Character& character) {
        if (character.code == '\n' || character.code == '\t')
            return std::string(1, static_cast<char>(character.code));
        return escaped(character);
    });
}

std::string escape_json(std::string_view json) {
    return replace_harmful(json, [](const Utf8Character& character) {
        if (character.code == '\n') return std::string("\n");  // between values, never inside one
        return fmt::format("\\u{:04x}", static_cast<unsigned>(character.code));
    });
}

std::size_t display_width(std::string_view line) {
    std::size_t width = 0;
    for_each_character(line, [&](const Utf8Character& character, std::string_view) {
        width += width_of(character.code);
    });
    return width;
}

std::string shorten(std::string_view line, std::size_t width) {
    if (display_width(line) <= width) return std::string(line);
    std::size_t kept = 0;
    std::size_t used = 1;  // the ellipsis
    while (kept < line.size()) {
        const Utf8Character next = first_character(line.substr(kept));
        used += width_of(next.code);
        if (used > width) break;
        kept += next.size;
    }
    return std::string(line.substr(0, kept)) + "…";
}

}  // namespace comar::cli
