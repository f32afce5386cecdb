// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/caller.h"
#include "daemon/polkit.h"

namespace comar {

/// Decides who may change something. Every method that is not marked as only reading comes through
/// here before anything else happens.
class Authorizer {
public:
    struct Wish {
        const Caller& caller;
        std::string action;  ///< as polkit knows it
        std::vector<std::pair<std::string, std::string>> details;
    };
    /// `reason` tells an administrator why not.
    using Decision = std::function<void(bool allowed, const std::string& reason)>;

    /// root may do everything, and so may whoever runs a comard of their own; polkit is asked about
    /// everybody else. It is null where there is no system bus.
    explicit Authorizer(Polkit* polkit) : polkit_(polkit) {}

    /// The decision may come before this returns. By the time it comes later, what is wanted may
    /// not exist any more: look it up again.
    void decide(const Wish& wish, Decision decision) const;

private:
    Polkit* polkit_;
};

}  // namespace comar
