// SPDX-License-Identifier: MIT
#pragma once

namespace comar {

/// Hands memory that is free back to the kernel, malloc_trim(3). Takes a millisecond: for the end
/// of much work.
void give_back_memory() noexcept;

}  // namespace comar
