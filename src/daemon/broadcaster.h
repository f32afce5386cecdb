// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "bus/connection.h"
#include "bus/peer_server.h"

namespace comar {

/// Sends signals to everybody: the clients of the private socket, and the system bus.
class Broadcaster {
public:
    /// Null while there is none.
    using GetServer = std::function<bus::PeerServer*()>;
    using GetSystemBus = std::function<std::shared_ptr<bus::Connection>()>;

    Broadcaster(GetServer server, GetSystemBus system_bus)
        : server_(std::move(server)), system_bus_(std::move(system_bus)) {}

    void send(const std::string& path, const std::string& interface, const std::string& signal,
              std::string_view signature, const nlohmann::json& arguments,
              bus::Audience audience = bus::Audience::all) const;

    /// Whether anybody may have asked for that signal: on the system bus, only the bus knows.
    [[nodiscard]] bool has_subscribers(const std::string& interface,
                                       const std::string& signal) const;

private:
    GetServer server_;
    GetSystemBus system_bus_;
};

}  // namespace comar
