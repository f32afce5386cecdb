// SPDX-License-Identifier: MIT
#include "daemon/ongoing_calls.h"

#include <algorithm>
#include <utility>

namespace comar {
namespace {

/// "start", "System.Service.start" and the whole name mean the same.
bool is_called(const std::string& name, std::string_view method) {
    if (method.empty() || method == "*" || name == method) return true;
    return name.size() > method.size() && name.ends_with(method) &&
           name[name.size() - method.size() - 1] == '.';
}

}  // namespace

OngoingCalls::Id OngoingCalls::begin(std::string caller, std::string name) {
    calls_.emplace(++last_, Call{std::move(caller), std::move(name)});
    return last_;
}

int OngoingCalls::cancel(std::string_view caller, std::string_view method) {
    std::vector<Id> chosen;
    for (const auto& [id, call] : calls_) {
        if (call.caller == caller && is_called(call.name, method)) chosen.push_back(id);
    }
    return static_cast<int>(
        std::count_if(chosen.begin(), chosen.end(), [this](Id id) { return cancel_(id); }));
}

std::vector<std::string> OngoingCalls::names(std::string_view caller) const {
    std::vector<std::string> names;
    for (const auto& [id, call] : calls_) {
        if (caller.empty() || call.caller == caller) names.push_back(call.name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace comar
