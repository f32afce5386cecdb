// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/connection.h"
#include "bus/match_rule.h"
#include "bus/message.h"
#include "bus/value.h"

namespace comar::bus {

/// Answers one client of the private socket in the place of a bus: the interface
/// org.freedesktop.DBus ("Message Bus Messages" in the D-Bus specification), as far as it makes
/// sense where there is one service and its client.
class BusDriver {
public:
    /// `names`: the well-known names of comard.
    BusDriver(std::vector<std::string> names, Connection::Identity identity);

    /// Answers calls to the driver, and refuses calls to names that are not here. False: the call
    /// is for comard.
    bool handle(Connection& connection, const Message& call);

    /// Whether one of its match rules asks for a signal.
    [[nodiscard]] bool asks_for(std::string_view interface, std::string_view member) const;
    /// Who is no bus client (it said no Hello) cannot ask.
    [[nodiscard]] bool can_ask() const { return said_hello_; }

private:
    using Refusal = std::optional<BusError>;
    struct Member;
    struct Call;
    static const Member members[];
    static const Member* find(std::string_view interface, std::string_view member);
    static const std::string& description();

    [[nodiscard]] bool is_ours(std::string_view name) const;
    Refusal answer(Connection& connection, const Message& call, const Message& reply);
    void announce_name(Connection& connection) const;

    Refusal hello(const Call& call);
    Refusal refuse_name(const Call& call);
    Refusal add_match(const Call& call);
    Refusal remove_match(const Call& call);
    Refusal start_service(const Call& call);
    Refusal list_names(const Call& call);
    Refusal list_activatable_names(const Call& call);
    Refusal name_has_owner(const Call& call);
    Refusal get_name_owner(const Call& call);
    Refusal list_queued_owners(const Call& call);
    Refusal get_user(const Call& call);
    Refusal get_process(const Call& call);
    Refusal get_credentials(const Call& call);
    Refusal get_id(const Call& call);
    Refusal introspect(const Call& call);
    Refusal get_property(const Call& call);
    Refusal get_properties(const Call& call);

    /// The unique name behind a name; empty: it has no owner.
    [[nodiscard]] std::string owner_of(std::string_view name) const;
    [[nodiscard]] std::optional<PeerCredentials> credentials_of(const Call& call) const;

    std::vector<std::string> names_;
    Connection::Identity identity_;
    bool said_hello_ = false;
    /// By hashes: the text itself is not needed.
    std::multimap<std::size_t, MatchRule> rules_;
};

}  // namespace comar::bus
