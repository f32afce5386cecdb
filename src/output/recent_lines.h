// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace comar {

/// The last lines that a service has printed, for who asks why it has failed.
class RecentLines {
public:
    static constexpr std::size_t max_lines = 32;
    static constexpr std::size_t max_bytes = 8192;  ///< one line is kept, however long

    /// Takes lines with their stamps.
    void add(std::string_view lines);

    void forget() { lines_.clear(); }

    /// The last `count` lines at most, oldest first, without stamps.
    [[nodiscard]] std::vector<std::string> last(std::size_t count) const;

private:
    std::string lines_;
};

}  // namespace comar
