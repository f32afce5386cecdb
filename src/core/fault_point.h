// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace comar {

/// Marks a step of comard: `step` of `work` is done, and the next one is not. Does nothing. Tests
/// link another one, which kills comard there, to see that another comard can go on from every
/// step (tests/support/fault_point.cpp).
void fault_point(std::string_view work, std::string_view step) noexcept;

}  // namespace comar
