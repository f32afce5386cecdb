// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

namespace comar {

/// Where the edges of each node lead.
using Successors = std::vector<std::vector<std::size_t>>;

/// The nodes in groups that lead to each other; one that is in no circle is a group of its own. A
/// group comes after all groups that it leads to. Linear (Tarjan 1972), without recursion: chains
/// may be longer than a thread's stack likes.
[[nodiscard]] std::vector<std::vector<std::size_t>> strong_components(const Successors& successors);

}  // namespace comar
