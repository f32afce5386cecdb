// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace comar {

/// The methods of scripts that clients wait for now: what listRunning() tells and cancel() ends.
class OngoingCalls {
public:
    using Id = std::uint64_t;
    /// Ends the call; its caller gets an error soon. False: it has just ended.
    using Cancel = std::function<bool(Id)>;

    explicit OngoingCalls(Cancel cancel) : cancel_(std::move(cancel)) {}

    /// `caller` is unique on all buses; `name` is "tr.org.pardus.comar.System.Service.start".
    Id begin(std::string caller, std::string name);
    void end(Id id) { calls_.erase(id); }

    /// Ends the caller's calls of that method, which may be named without its interface, or all of
    /// them where it is empty or "*". Returns how many.
    int cancel(std::string_view caller, std::string_view method);

    /// The names of the calls of one caller, or of all where `caller` is empty. Sorted.
    [[nodiscard]] std::vector<std::string> names(std::string_view caller) const;

private:
    struct Call {
        std::string caller;
        std::string name;
    };

    Cancel cancel_;
    std::map<Id, Call> calls_;
    Id last_ = 0;
};

}  // namespace comar
