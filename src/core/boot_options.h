// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace comar {

/// What somebody has written for us on the kernel command line.
struct BootOptions {
    bool safe = false;                    ///< only what is essential
    std::vector<std::string> head_start;  ///< services that come first, as written, in order
    std::optional<std::string> group;     ///< the group of services to boot into
    std::vector<std::string> warnings;    ///< texts about words that mean nothing, for people
};

/// Reads `comar=safe,head_start:sddm,group:NAME`, and the older `mudur=…` in the same form, from
/// the text of /proc/cmdline. Everything else there is none of its business. Several add up; of
/// several groups the last one counts. A parameter with spaces stands in double quotes.
[[nodiscard]] BootOptions parse_boot_options(std::string_view kernel_command_line);

}  // namespace comar
