// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace comar::cli {

enum class Color { none, bold, dim, green, yellow, red };

/// `text` in that color, ready for a terminal.
[[nodiscard]] std::string colored(std::string_view text, Color color);

/// Looks up a variable of the environment; null: not set. getenv(3), or a test's.
using Lookup = std::function<const char*(const char* name)>;

/// Whether to use color: NO_COLOR (no-color.org) before CLICOLOR_FORCE before CLICOLOR=0 and
/// TERM=dumb (bixense.com/clicolors) before what `is_terminal` says.
[[nodiscard]] bool wants_color(const Lookup& environment, bool is_terminal);

/// Columns of a terminal: COLUMNS where it holds a number above 0, else what the kernel says.
[[nodiscard]] std::optional<std::size_t> columns(const Lookup& environment,
                                                 std::optional<std::size_t> kernel_says);

/// How the standard output of this process is to be used.
struct OutputStyle {
    bool colored = false;
    std::optional<std::size_t> width;  ///< none: no terminal, or one that does not tell
};
[[nodiscard]] OutputStyle style_of_stdout();

}  // namespace comar::cli
