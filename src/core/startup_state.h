// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace comar {

/// What should happen to a service at boot (SPEC 1). In no folder at all means off.
enum class StartUp { on, off, conditional };

/// The three, for loops over the folders that record them.
inline constexpr std::array all_start_ups{StartUp::on, StartUp::off, StartUp::conditional};

/// "on", "off", "conditional".
[[nodiscard]] std::string_view to_string(StartUp state);
/// The reverse; nullopt for any other word.
[[nodiscard]] std::optional<StartUp> parse_start_up(std::string_view word);

/// The folder under /etc/mudur/services whose file NAME records the state: "enabled", "disabled",
/// "conditional".
[[nodiscard]] std::string_view folder_of(StartUp state);

/// The state word that `info` reports (the table of SPEC 1). `running` is empty where neither the
/// script nor the supervisor can tell.
[[nodiscard]] std::string_view reported_state(StartUp state, std::optional<bool> running);

}  // namespace comar
