// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace comar::bus {

/// Whether a D-Bus string may hold it: well-formed UTF-8 (no surrogates, nothing overlong), no NUL.
[[nodiscard]] bool is_bus_text(std::string_view text);

/// The same text with U+FFFD for each byte that a D-Bus string cannot hold, cut at `limit` bytes.
[[nodiscard]] std::string to_bus_text(std::string_view text, std::size_t limit = 65536);

/// "System.Service", "Network.Firewall": names joined by dots, which make a valid interface name
/// when they follow `tr.org.pardus.comar.`.
[[nodiscard]] bool is_model_name(std::string_view text);
[[nodiscard]] bool is_interface_name(std::string_view text);
[[nodiscard]] bool is_member_name(std::string_view text);
[[nodiscard]] bool is_object_path(std::string_view text);

}  // namespace comar::bus
