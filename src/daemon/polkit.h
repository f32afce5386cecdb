// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bus/slot.h"
#include "daemon/system_bus.h"

namespace comar {

/// Asks polkit, over the system bus, whether a sender on that bus may do something
/// (org.freedesktop.PolicyKit1.Authority.CheckAuthorization). Nothing here waits; where polkit is
/// absent, slow or restarting, the answer is no.
class Polkit {
public:
    struct Question {
        std::string sender;  ///< its unique name: the only thing about it that nobody can fake
        std::string action;
        std::vector<std::pair<std::string, std::string>> details;  ///< for an administrator's rules
        bool interactive = false;  ///< a person may be asked for a password
    };
    /// `reason` tells an administrator why not; empty where it is allowed.
    using Answer = std::function<void(bool allowed, const std::string& reason)>;

    /// The bus outlives it.
    explicit Polkit(SystemBus& bus) : bus_(bus) {}

    /// The answer may come before this returns. Too many questions of one sender are refused.
    void ask(const Question& question, Answer answer);

    /// The sender has left the bus: all it wanted is refused, and its dialogs close.
    void forget(const std::string& sender);

private:
    struct Pending {
        std::string sender;
        Answer answer;
        bus::Slot slot;
    };

    Result<> send(std::uint64_t id, const Question& question);
    void on_reply(std::uint64_t id, const std::string& action, const bus::Message& reply);
    void finish(std::uint64_t id, bool allowed, const std::string& reason);
    void cancel(std::uint64_t id);
    [[nodiscard]] std::size_t asked_by(const std::string& sender) const;

    SystemBus& bus_;
    std::map<std::uint64_t, Pending> pending_;
    std::uint64_t last_id_ = 0;
};

}  // namespace comar
