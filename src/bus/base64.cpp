// SPDX-License-Identifier: MIT
#include "bus/base64.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace comar::bus {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// `=` counts as zero bits; how many there may be is checked elsewhere.
std::optional<std::uint32_t> bits_of(char character) {
    if (character == '=') return 0;
    const auto at = alphabet.find(character);
    if (at == std::string_view::npos) return std::nullopt;
    return static_cast<std::uint32_t>(at);
}

std::optional<std::uint32_t> decode_group(std::string_view group) {
    std::uint32_t bits = 0;
    for (const char character : group) {
        const auto next = bits_of(character);
        if (!next) return std::nullopt;
        bits = bits << 6U | *next;
    }
    return bits;
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    const auto filled = text.substr(0, text.find('='));
    const auto padding = text.size() - filled.size();
    if (padding > 2 || text.substr(filled.size()).find_first_not_of('=') != std::string_view::npos)
        return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    for (std::size_t at = 0; at < text.size(); at += 4) {
        const auto bits = decode_group(text.substr(at, 4));
        if (!bits) return std::nullopt;
        for (const auto shift : {16U, 8U, 0U}) bytes += static_cast<char>(*bits >> shift & 0xFFU);
    }
    bytes.resize(bytes.size() - padding);
    return bytes;
}

}  // namespace comar::bus
