// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace comar {

/// "PATH:LINE", as compilers and editors have it. `line`: from 1; 0 when it is about the whole
/// file.
[[nodiscard]] inline std::string file_and_line(const std::string& path, int line) {
    return line > 0 ? path + ":" + std::to_string(line) : path;
}

}  // namespace comar
