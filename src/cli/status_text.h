// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "cli/service_status.h"
#include "cli/terminal.h"

namespace comar::cli {

/// The block that `comar status NAME` prints: a title and a line for each thing that is known.
[[nodiscard]] std::string status_text(const ServiceStatus& status, std::string_view language,
                                      Moment now, const OutputStyle& style);

/// The same for programs; what is not known is null. comar(1) lists the keys.
[[nodiscard]] nlohmann::ordered_json status_json(const ServiceStatus& status,
                                                 std::string_view language);

/// "5.2 MiB"
[[nodiscard]] std::string size_text(std::uint64_t bytes);

/// How the main process ended: "exit code 1", "signal 9 (Killed)"; empty when that is not known.
[[nodiscard]] std::string ending_text(int exit_code, int exit_signal);

}  // namespace comar::cli
