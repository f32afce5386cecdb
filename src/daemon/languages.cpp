// SPDX-License-Identifier: MIT
#include "daemon/languages.h"

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace comar {
namespace {

constexpr std::size_t longest_name = 32;
/// A bus has at most so many clients; each may choose a language once.
constexpr std::size_t max_callers = 10'000;

bool is_language(const std::string& text) {
    return !text.empty() && text.size() <= longest_name &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.' || c == '@';
           });
}

}  // namespace

bool Languages::choose(const std::string& caller, const std::string& language) {
    if (!is_language(language)) return false;
    if (chosen_.size() < max_callers || chosen_.contains(caller)) chosen_[caller] = language;
    return true;
}

std::string Languages::of(const std::string& caller) const {
    const auto found = chosen_.find(caller);
    return found == chosen_.end() ? "en" : found->second;
}

}  // namespace comar
