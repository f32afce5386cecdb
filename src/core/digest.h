// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace comar {

/// Tells texts apart, and damaged ones from whole ones (FNV-1a, 64 bits). Not for who wants to
/// deceive.
[[nodiscard]] constexpr std::uint64_t digest(std::string_view text) {
    constexpr std::uint64_t basis = 0xcbf29ce484222325;
    constexpr std::uint64_t prime = 0x100000001b3;
    std::uint64_t hash = basis;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * prime;
    return hash;
}

}  // namespace comar
