// SPDX-License-Identifier: MIT
#include "core/fault_point.h"

namespace comar {

void fault_point(std::string_view, std::string_view) noexcept {}

}  // namespace comar
