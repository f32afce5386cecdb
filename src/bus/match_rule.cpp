// SPDX-License-Identifier: MIT
#include "bus/match_rule.h"

#include <functional>

namespace comar::bus {
namespace {

std::size_t hash(std::string_view text) { return std::hash<std::string_view>()(text); }

/// The value of key='value' in a rule; nothing where the rule does not have it, or is written in
/// another way.
std::optional<std::string_view> value_of(std::string_view rule, std::string_view key) {
    while (!rule.empty()) {
        const std::size_t equals = rule.find("='");
        if (equals == std::string_view::npos) return std::nullopt;
        const std::size_t end = rule.find('\'', equals + 2);
        if (end == std::string_view::npos) return std::nullopt;
        const bool is_plain = end + 1 == rule.size() || rule[end + 1] == ',';
        if (!is_plain) return std::nullopt;
        if (rule.substr(0, equals) == key) return rule.substr(equals + 2, end - equals - 2);
        rule.remove_prefix(end + 1 == rule.size() ? end + 1 : end + 2);
    }
    return std::nullopt;
}

}  // namespace

MatchRule::MatchRule(std::string_view text) {
    if (const auto interface = value_of(text, "interface")) interface_ = hash(*interface);
    if (const auto member = value_of(text, "member")) member_ = hash(*member);
}

bool MatchRule::covers(std::string_view interface, std::string_view member) const {
    return (!interface_ || *interface_ == hash(interface)) &&
           (!member_ || *member_ == hash(member));
}

}  // namespace comar::bus
