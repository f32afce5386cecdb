// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "cli/address.h"
#include "cli/failure.h"

namespace comar::cli {

struct Session;

/// comard cannot be reached at all: which socket was tried, and how to start one there.
void report_unreachable(const Address& address, const Error& error);

/// A call failed: "cannot list services: …", and below it what helps against failures of any call.
void report_failure(const Session& session, std::string_view doing, const CallFailure& failure);

/// Something was tried with a service and failed: "cannot start nginx: …", and below it where to
/// look next. Asks comard where its logs are.
void report_service_failure(Session& session, std::string_view verb, const std::string& service,
                            const CallFailure& failure);

}  // namespace comar::cli
