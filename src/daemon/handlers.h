// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "bus/introspection.h"
#include "daemon/incoming_call.h"

namespace comar {

/// The methods that comard itself implements. What is not in the table does not exist, whatever a
/// message names.
class Handlers {
public:
    using Handler = std::function<void(const IncomingCall&)>;

    void add(const bus::Interface& interface, const std::string& member, Handler handler) {
        handlers_[{interface.name, member}] = std::move(handler);
    }

    /// The same, for a member function of something that outlives the table.
    template <class Owner>
    void add(const bus::Interface& interface, const std::string& member, Owner* owner,
             void (Owner::*handler)(const IncomingCall&)) {
        add(interface, member,
            [owner, handler](const IncomingCall& call) { (owner->*handler)(call); });
    }

    /// Null: the method is not comard's own.
    [[nodiscard]] const Handler* find(const std::string& interface,
                                      const std::string& member) const {
        const auto found = handlers_.find({interface, member});
        return found == handlers_.end() ? nullptr : &found->second;
    }

private:
    std::map<std::pair<std::string, std::string>, Handler> handlers_;
};

}  // namespace comar
