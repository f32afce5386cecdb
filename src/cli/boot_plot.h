// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "cli/boot_record.h"

namespace comar::cli {

/// The boot as an SVG picture: a row of fixed height for each service, sorted by when it was its
/// turn, with a bar of up to three parts: waiting for others, script running, until ready. What
/// failed is red, and the critical path is outlined and connected. It has its own background and
/// needs nothing from outside.
[[nodiscard]] std::string plot_boot(const BootRecord& record);

/// The distance of ticks of a time axis: 1, 2 or 5 times a power of ten, at most twelve of them.
[[nodiscard]] Span tick_distance(Span duration);

}  // namespace comar::cli
