// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "cli/bus.h"
#include "core/name.h"

namespace comar::cli {

/// The members of comard's objects that comar uses, docs/dbus.md.

/// A method of a service's System.Service; the name may be the original spelling.
[[nodiscard]] inline Member service_member(std::string_view service, const char* name) {
    return {"/package/" + bus_safe_name(service), "tr.org.pardus.comar.System.Service", name};
}

/// A method of org.freedesktop.DBus.Properties at a service.
[[nodiscard]] inline Member service_properties(std::string_view service, const char* name) {
    return {"/package/" + bus_safe_name(service), "org.freedesktop.DBus.Properties", name};
}

/// A method of the manager's classical interface.
[[nodiscard]] inline Member classic_member(const char* name) {
    return {"/", "tr.org.pardus.comar", name};
}

[[nodiscard]] inline Member manager_member(const char* name) {
    return {"/", "tr.org.pardus.comar.Manager", name};
}

[[nodiscard]] inline Member manager_properties(const char* name) {
    return {"/", "org.freedesktop.DBus.Properties", name};
}

inline constexpr const char* manager_interface = "tr.org.pardus.comar.Manager";
inline constexpr const char* supervision_interface = "tr.org.pardus.comar.Supervision";

}  // namespace comar::cli
