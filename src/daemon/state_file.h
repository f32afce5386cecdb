// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/result.h"

namespace comar {

/// The text of a state file: a first line "comar-state 1 LENGTH CHECKSUM" and JSON of that length.
/// What a comard has written another one believes, so anything that is not exactly that is refused
/// whole (CVE-2018-15686 is what happens otherwise).
[[nodiscard]] std::string encode_state(const nlohmann::json& state);
[[nodiscard]] Result<nlohmann::json> decode_state(std::string_view text);

/// Replaces the file with what encode_state() gave; it need not survive a power cut, for neither do
/// the processes it speaks of.
Result<> write_state(const std::string& path, const std::string& text);
Result<nlohmann::json> read_state(const std::string& path);

}  // namespace comar
