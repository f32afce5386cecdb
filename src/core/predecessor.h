// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace comar {

/// What must have become of a step before another one begins.
enum class Until {
    over,       ///< it has ended, well or not
    succeeded,  ///< it has ended well; else the other one never begins
};

/// A step that comes before another one, by its place in their list.
struct Predecessor {
    std::size_t step;
    Until until;

    bool operator==(const Predecessor&) const = default;
};

}  // namespace comar
