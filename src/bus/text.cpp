// SPDX-License-Identifier: MIT
#include "bus/text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <systemd/sd-bus.h>

#include "bus/model.h"

namespace comar::bus {
namespace {

struct Range {
    unsigned char first;
    unsigned char last;
};

bool within(char byte, Range range) {
    const auto value = static_cast<unsigned char>(byte);
    return value >= range.first && value <= range.last;
}

/// What may follow a lead byte: Unicode, table 3-7 "Well-Formed UTF-8 Byte Sequences".
struct Sequence {
    std::size_t length;  ///< 0: no character begins with this byte
    Range second;        ///< all bytes after it are 80..BF
};

Sequence sequence_of(unsigned char lead) {
    constexpr Range any{0x80, 0xBF};
    if (lead >= 0x01 && lead <= 0x7F) return {1, any};
    if (lead >= 0xC2 && lead <= 0xDF) return {2, any};
    if (lead == 0xE0) return {3, {0xA0, 0xBF}};
    if (lead == 0xED) return {3, {0x80, 0x9F}};
    if (lead >= 0xE1 && lead <= 0xEF) return {3, any};
    if (lead == 0xF0) return {4, {0x90, 0xBF}};
    if (lead >= 0xF1 && lead <= 0xF3) return {4, any};
    if (lead == 0xF4) return {4, {0x80, 0x8F}};
    return {0, any};
}

/// Bytes of the character at the beginning; 0: none that D-Bus allows.
std::size_t character_length(std::string_view text) {
    const auto [length, second] = sequence_of(static_cast<unsigned char>(text.front()));
    if (length == 0 || length > text.size()) return 0;
    if (length > 1 && !within(text[1], second)) return 0;
    for (std::size_t at = 2; at < length; ++at)
        if (!within(text[at], {0x80, 0xBF})) return 0;
    return length;
}

using Check = int (*)(const char*);

bool passes(Check check, std::string_view text) {
    return text.find('\0') == std::string_view::npos && check(std::string(text).c_str()) > 0;
}

}  // namespace

bool is_bus_text(std::string_view text) {
    while (!text.empty()) {
        const auto length = character_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string to_bus_text(std::string_view text, std::size_t limit) {
    constexpr std::string_view replacement = "\xEF\xBF\xBD";
    std::string result;
    while (!text.empty()) {
        const auto length = character_length(text);
        const auto next = length == 0 ? replacement : text.substr(0, length);
        if (result.size() + next.size() > limit) break;
        result += next;
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return result;
}

bool is_model_name(std::string_view text) {
    return is_interface_name(std::string(interface_prefix).append(text));
}

bool is_interface_name(std::string_view text) {
    return passes(sd_bus_interface_name_is_valid, text);
}

bool is_member_name(std::string_view text) {
    // sd-bus lets a leading digit pass, which the specification forbids and libdbus hangs up on.
    const bool digit_first = !text.empty() && text.front() >= '0' && text.front() <= '9';
    return !digit_first && passes(sd_bus_member_name_is_valid, text);
}

bool is_object_path(std::string_view text) { return passes(sd_bus_object_path_is_valid, text); }

}  // namespace comar::bus
