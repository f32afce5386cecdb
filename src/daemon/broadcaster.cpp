// SPDX-License-Identifier: MIT
#include "daemon/broadcaster.h"

#include "bus/value.h"

namespace comar {

void Broadcaster::send(const std::string& path, const std::string& interface,
                       const std::string& signal, std::string_view signature,
                       const nlohmann::json& arguments, bus::Audience audience) const {
    const auto fill = [&](bus::Message& message) {
        return bus::append_body(message.get(), signature, arguments, {signal});
    };
    if (bus::PeerServer* server = server_()) {
        (void)server->broadcast(path, interface, signal, fill, audience);
    }
    const auto connection = system_bus_();
    if (!connection || !connection->is_ready()) return;
    auto message = bus::Message::signal(*connection, path, interface, signal);
    if (message && fill(*message)) (void)connection->send(*message);
}

bool Broadcaster::has_subscribers(const std::string& interface, const std::string& signal) const {
    const bus::PeerServer* server = server_();
    if (server != nullptr && server->has_subscribers(interface, signal)) return true;
    const auto connection = system_bus_();
    return connection && connection->is_ready();
}

}  // namespace comar
