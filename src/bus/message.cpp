// SPDX-License-Identifier: MIT
#include "bus/message.h"

#include <utility>

#include "bus/connection.h"
#include "bus/text.h"
#include "os/system_error.h"

namespace comar::bus {
namespace {

constexpr std::string_view unnamed_error = SD_BUS_ERROR_FAILED;

std::string_view or_empty(const char* text) { return text != nullptr ? text : ""; }

/// A message that sd-bus has made, or why it could not.
Result<Message> made(int result, sd_bus_message* message, std::string_view what) {
    auto owned = Message::adopt(message);
    if (result < 0) return system_failure(std::string("make ").append(what), -result);
    return owned;
}

Failure closed() {
    return failure(ErrorKind::unavailable, "cannot make a message: the connection is closed");
}

}  // namespace

Message Message::adopt(sd_bus_message* message) noexcept {
    Message owned;
    owned.message_ = message;
    return owned;
}

Message Message::share(sd_bus_message* message) noexcept {
    return adopt(sd_bus_message_ref(message));
}

Result<Message> Message::method_call(Connection& connection, const std::string& destination,
                                     const std::string& path, const std::string& interface,
                                     const std::string& member) {
    if (!connection.is_open()) return closed();
    sd_bus_message* message = nullptr;
    const int result = sd_bus_message_new_method_call(
        connection.bus(), &message, destination.empty() ? nullptr : destination.c_str(),
        path.c_str(), interface.c_str(), member.c_str());
    return made(result, message, "a call of " + member);
}

Result<Message> Message::signal(Connection& connection, const std::string& path,
                                const std::string& interface, const std::string& member) {
    if (!connection.is_open()) return closed();
    sd_bus_message* message = nullptr;
    const int result = sd_bus_message_new_signal(connection.bus(), &message, path.c_str(),
                                                 interface.c_str(), member.c_str());
    return made(result, message, "a signal " + member);
}

Message::Message(const Message& other) noexcept : message_(sd_bus_message_ref(other.message_)) {}

Message::Message(Message&& other) noexcept : message_(std::exchange(other.message_, nullptr)) {}

Message& Message::operator=(Message other) noexcept {
    std::swap(message_, other.message_);
    return *this;
}

Message::~Message() { sd_bus_message_unref(message_); }

bool Message::is_method_call() const {
    return sd_bus_message_is_method_call(message_, nullptr, nullptr) > 0;
}

bool Message::is_signal() const { return sd_bus_message_is_signal(message_, nullptr, nullptr) > 0; }

bool Message::is_error() const { return sd_bus_message_is_method_error(message_, nullptr) > 0; }

bool Message::expects_reply() const {
    return is_method_call() && sd_bus_message_get_expect_reply(message_) > 0;
}

bool Message::allows_interaction() const {
    return sd_bus_message_get_allow_interactive_authorization(message_) > 0;
}

std::string_view Message::path() const { return or_empty(sd_bus_message_get_path(message_)); }

std::string_view Message::interface() const {
    return or_empty(sd_bus_message_get_interface(message_));
}

std::string_view Message::member() const { return or_empty(sd_bus_message_get_member(message_)); }

std::string_view Message::destination() const {
    return or_empty(sd_bus_message_get_destination(message_));
}

std::string_view Message::sender() const { return or_empty(sd_bus_message_get_sender(message_)); }

std::string_view Message::signature() const {
    return or_empty(sd_bus_message_get_signature(message_, 1));
}

BusError Message::error() const {
    const auto* error = sd_bus_message_get_error(message_);
    if (error == nullptr) return {};
    return {std::string(or_empty(error->name)), std::string(or_empty(error->message))};
}

Result<Message> Message::reply() const {
    sd_bus_message* message = nullptr;
    const int result = sd_bus_message_new_method_return(message_, &message);
    return made(result, message, "a reply");
}

Result<Message> Message::error_reply(const BusError& error) const {
    const std::string name(is_interface_name(error.name) ? error.name : unnamed_error);
    const auto text = to_bus_text(error.text);
    const sd_bus_error plain = SD_BUS_ERROR_MAKE_CONST(name.c_str(), text.c_str());
    sd_bus_message* message = nullptr;
    const int result = sd_bus_message_new_method_error(message_, &message, &plain);
    return made(result, message, "an error reply");
}

}  // namespace comar::bus
