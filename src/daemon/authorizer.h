// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "daemon/caller.h"

namespace comar {

/// Decides who may change something. Every method that is not marked as only reading comes through
/// here before anything else happens.
class Authorizer {
public:
    using Decision = std::function<void(bool allowed)>;

    /// `action` names what is wanted, as polkit knows it. The decision may come later.
    void decide(const Caller& caller, const std::string& action, const Decision& decision) const;
};

}  // namespace comar
