// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "bus/model.h"
#include "daemon/caller.h"
#include "daemon/responder.h"

namespace comar {

/// A method call that was found and read, and whose arguments fit the method.
struct IncomingCall {
    std::string app;  ///< of the object; empty for those that are no package
    std::string interface;
    bus::Method method;
    nlohmann::json arguments;
    Caller caller;
    Responder responder;

    /// "tr.org.pardus.comar.System.Service.start"
    [[nodiscard]] std::string full_name() const { return interface + "." + method.name; }
};

}  // namespace comar
