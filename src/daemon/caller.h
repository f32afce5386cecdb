// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include <unistd.h>

#include "daemon/calls.h"

namespace comar {

/// Who sent a message, from the kernel or the bus; nothing in it is the sender's own word.
struct Caller {
    std::string name;            ///< unique on its bus, ":1.42"
    std::string key;             ///< unique on all buses
    std::optional<uid_t> uid;    ///< empty: the bus could not tell, so it may change nothing
    std::string language;        ///< what it chose with setLocale; "en" by default
    bool on_system_bus = false;  ///< its name is one that polkit knows
    bool interactive = false;    ///< it lets polkit ask a person, in this call
    pid_t pid = 0;               ///< when it connected; 0: the bus does not tell
    std::string program{};       ///< the name that process had then; empty: not known

    static constexpr uid_t nobody = 65534;

    /// root, and whoever runs a comard of their own. One that nobody vouches for is nobody.
    [[nodiscard]] bool may_do_anything() const { return uid == 0 || uid == ::geteuid(); }

    /// A request of this caller.
    [[nodiscard]] CallRequest request(std::string app, std::string model, std::string method) const;

private:
    /// "start asked for by uid 0 (comar, process 4711)": for people, as the name is the program's
    /// own word.
    [[nodiscard]] std::string cause_of(const std::string& method) const;
};

}  // namespace comar
