// SPDX-License-Identifier: MIT
#include "daemon/responder.h"

#include <spdlog/spdlog.h>

#include "bus/model.h"
#include "bus/value.h"

namespace comar {

void Responder::reply(std::string_view signature, const nlohmann::json& arguments) const {
    if (!call_.expects_reply()) return;
    auto message = call_.reply();
    if (message) {
        const bus::BodyName name{call_.member(), "result"};
        if (auto filled = bus::append_body(message->get(), signature, arguments, name); !filled) {
            return fail({"Invalid", filled.error().message});
        }
    }
    send(std::move(message));
}

void Responder::fail(const CallError& error) const {
    fail_with_name(std::string(bus::interface_prefix) + error.name, error.message);
}

void Responder::fail_with_name(const std::string& name, const std::string& text) const {
    if (call_.expects_reply()) send(call_.error_reply({name, text}));
}

void Responder::send(Result<bus::Message> message) const {
    const auto connection = connection_.lock();
    if (!connection || !connection->is_open()) return;
    Result<> sent = message ? connection->send(*message) : Failure(message.error());
    if (!sent) spdlog::debug("cannot answer {}: {}", call_.member(), sent.error().message);
}

}  // namespace comar
