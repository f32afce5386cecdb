// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "cli/arguments.h"
#include "cli/bus.h"
#include "cli/password_agent.h"

namespace comar::cli {

/// Whether comard's answers contain text for the user.
enum class Texts { none, in_user_language };

/// What a command needs to talk to comard.
struct Session {
    Address address;
    Bus bus;
    PasswordAgent agent;  ///< for what polkit may ask about this command
};

/// Connects as the command line asks. Nothing: it could not be, which the user has been told.
[[nodiscard]] std::optional<Session> open_session(const Invocation& invocation, Texts texts,
                                                  Purpose purpose = Purpose::read);

}  // namespace comar::cli
