// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "bus/connection.h"
#include "bus/message.h"
#include "daemon/running_call.h"

namespace comar {

/// Answers one method call, now or later; the caller may be gone by then. A call whose sender wants
/// no reply gets none.
class Responder {
public:
    Responder(const std::shared_ptr<bus::Connection>& connection, bus::Message call)
        : connection_(connection), call_(std::move(call)) {}

    /// `arguments` is an array that fits `signature`; what does not is told to the caller as an
    /// error.
    void reply(std::string_view signature, const nlohmann::json& arguments) const;
    void reply() const { reply("", nlohmann::json::array()); }

    /// The name without its prefix: "Missing" for tr.org.pardus.comar.Missing.
    void fail(const CallError& error) const;
    /// A name of its own, as the standard interfaces have them.
    void fail_with_name(const std::string& name, const std::string& text) const;

    [[nodiscard]] const bus::Message& call() const { return call_; }

private:
    void send(Result<bus::Message> message) const;

    std::weak_ptr<bus::Connection> connection_;
    bus::Message call_;
};

}  // namespace comar
