// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.h"

namespace comar::cli {

struct Column {
    std::string_view title;
    bool shrinks = false;  ///< gives way, with "…", when a line is longer than the terminal
};

struct Cell {
    std::string text;  ///< as it came: the table escapes it
    Color color = Color::none;
};

/// An aligned table with a line of titles; columns are two spaces apart and lines end without
/// spaces. Rows have a cell for each column.
[[nodiscard]] std::string render_table(const std::vector<Column>& columns,
                                       const std::vector<std::vector<Cell>>& rows,
                                       const OutputStyle& style);

}  // namespace comar::cli
