// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include <systemd/sd-bus.h>

#include "core/result.h"

namespace comar::bus {

class Connection;

/// A failure as D-Bus knows it.
struct BusError {
    std::string name;  ///< "org.freedesktop.DBus.Error.NoReply"
    std::string text;
};

/// Shares the ownership of one D-Bus message. Made here, filled with append_body(), sent with
/// Connection::send(); never with sd_bus_send(3), which the connection would not notice.
///
/// Every part of a received message is the sender's claim. In particular `sender()` is true only
/// on a connection to a bus; Connection::caller_name() is right on all.
class Message {
public:
    Message() noexcept = default;
    /// Takes over the caller's reference.
    static Message adopt(sd_bus_message* message) noexcept;
    /// Takes a reference of its own.
    static Message share(sd_bus_message* message) noexcept;

    static Result<Message> method_call(Connection& connection, const std::string& destination,
                                       const std::string& path, const std::string& interface,
                                       const std::string& member);
    static Result<Message> signal(Connection& connection, const std::string& path,
                                  const std::string& interface, const std::string& member);

    Message(const Message& other) noexcept;
    Message(Message&& other) noexcept;
    Message& operator=(Message other) noexcept;
    ~Message();

    [[nodiscard]] bool is_method_call() const;
    [[nodiscard]] bool is_signal() const;
    [[nodiscard]] bool is_error() const;
    /// False for calls whose sender said that it will not read a reply.
    [[nodiscard]] bool expects_reply() const;
    /// The caller lets polkit ask the person in front of the screen.
    [[nodiscard]] bool allows_interaction() const;

    /// Empty where the message has none.
    [[nodiscard]] std::string_view path() const;
    [[nodiscard]] std::string_view interface() const;
    [[nodiscard]] std::string_view member() const;
    [[nodiscard]] std::string_view destination() const;
    [[nodiscard]] std::string_view sender() const;
    [[nodiscard]] std::string_view signature() const;
    /// What an error message tells; empty fields for others.
    [[nodiscard]] BusError error() const;

    /// An empty reply to this call.
    [[nodiscard]] Result<Message> reply() const;
    /// An error in reply to this call. A name that D-Bus does not allow becomes
    /// org.freedesktop.DBus.Error.Failed, and so does the text lose what it cannot carry.
    [[nodiscard]] Result<Message> error_reply(const BusError& error) const;

    [[nodiscard]] sd_bus_message* get() const noexcept { return message_; }
    explicit operator bool() const noexcept { return message_ != nullptr; }

private:
    sd_bus_message* message_ = nullptr;
};

}  // namespace comar::bus
