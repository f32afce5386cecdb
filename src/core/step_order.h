// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "core/predecessor.h"

namespace comar {

/// An order in which each step comes after its predecessors.
struct StepOrder {
    std::vector<std::size_t> steps;
    /// What the order does not keep: step, and the predecessor that it does not wait for. Empty
    /// where there is no circle.
    std::vector<std::pair<std::size_t, std::size_t>> broken;
};

/// In a circle it keeps what must succeed, as long as that is not a circle itself, and breaks the
/// rest; outside of circles it keeps all. Linear. `predecessors` has a list for each step.
[[nodiscard]] StepOrder order_steps(const std::vector<std::vector<Predecessor>>& predecessors);

}  // namespace comar
