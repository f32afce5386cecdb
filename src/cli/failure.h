// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "cli/exit_code.h"

namespace comar::cli {

/// Why comard did not do what it was asked to: an error of D-Bus, docs/dbus.md.
struct CallFailure {
    std::string name;     ///< of the D-Bus error
    std::string message;  ///< what comard or the script says
};

/// The name of the failure that comar itself makes where comard cannot be reached, or goes away
/// before it has answered.
inline constexpr std::string_view unreachable_name = "org.freedesktop.DBus.Error.Disconnected";

/// The failure of what was asked of `service`: that another one, which its script has called, is
/// not registered says nothing about this one.
[[nodiscard]] CallFailure failure_of(const std::string& service, CallFailure failure);

/// The code for every command but `status`.
[[nodiscard]] ExitCode exit_code_of(const CallFailure& failure);

/// The failure for people: "not authorized (tr.org.pardus.comar.system.service.set)".
[[nodiscard]] std::string reason_of(const CallFailure& failure);

/// Whether it failed because no comard is there, or not any more.
[[nodiscard]] bool is_unreachable(const CallFailure& failure);

}  // namespace comar::cli
