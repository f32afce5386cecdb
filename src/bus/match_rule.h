// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace comar::bus {

/// What a match rule asks for, "Match Rules" in the D-Bus specification, by interface and member
/// alone: the rest is for the client to sort out. Whatever cannot be read asks for all signals.
class MatchRule {
public:
    explicit MatchRule(std::string_view text);

    [[nodiscard]] bool covers(std::string_view interface, std::string_view member) const;

private:
    // Hashes, for a client may have many rules: two names of one hash cost a signal too many.
    std::optional<std::size_t> interface_;
    std::optional<std::size_t> member_;
};

}  // namespace comar::bus
