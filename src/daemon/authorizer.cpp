// SPDX-License-Identifier: MIT
#include "daemon/authorizer.h"

namespace comar {

void Authorizer::decide(const Wish& wish, Decision decision) const {
    const Caller& caller = wish.caller;
    if (caller.may_do_anything()) return decision(true, "");
    if (!caller.uid) return decision(false, "the bus does not know the caller any more");
    if (!caller.on_system_bus) {
        return decision(false, "on the private socket only root may change anything");
    }
    if (polkit_ == nullptr) return decision(false, "there is no polkit to ask");
    polkit_->ask({caller.name, wish.action, wish.details, caller.interactive}, std::move(decision));
}

}  // namespace comar
