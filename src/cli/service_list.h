// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/bus.h"
#include "cli/terminal.h"

namespace comar::cli {

/// One service of Manager.ListServices, docs/dbus.md.
struct ListedService {
    std::string name;
    std::string type;
    std::string state;  ///< that of info(), SPEC 1, or "unknown"
    std::string start_up;
    std::string description;  ///< in the language that the connection speaks
    std::uint32_t main_pid = 0;
};

/// All services, or those of one type (empty: all), by name.
[[nodiscard]] tl::expected<std::vector<ListedService>, CallFailure> list_services(
    Bus& bus, const std::string& type);

/// The color of a state of info().
[[nodiscard]] Color color_of_reported_state(const std::string& state);

}  // namespace comar::cli
