// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/boot_record.h"
#include "cli/terminal.h"

namespace comar::cli {

enum class Change { slower, faster, same, appeared, gone };

/// "slower", "faster", "same", "new" or "gone".
[[nodiscard]] std::string_view name_of(Change change);

/// A service in two boots; own times, none where it was not its turn.
struct ServiceDifference {
    std::string name;
    Change change = Change::same;
    std::optional<Span> before;
    std::optional<Span> after;
    Span difference{0};  ///< above 0: the later boot spends more on it
    std::string fate_before;
    std::string fate_after;
};

/// All services of both boots that had their turn in one, by how much they differ, then by name.
/// Less than a millisecond is no difference: that much is noise.
[[nodiscard]] std::vector<ServiceDifference> compare_boots(const BootRecord& before,
                                                           const BootRecord& after);

/// For people: both boots, and a table of what differs.
[[nodiscard]] std::string diff_text(const BootRecord& before, const BootRecord& after,
                                    const OutputStyle& style);

}  // namespace comar::cli
