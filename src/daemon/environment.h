// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace comar {

/// What the script host starts with, and so each script: nothing of what started comard reaches it.
[[nodiscard]] std::vector<std::string> clean_environment();

/// The same for what is started on behalf of a service: as a program has it that its script starts.
[[nodiscard]] std::vector<std::string> environment_of(const std::string& app);

}  // namespace comar
