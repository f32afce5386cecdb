// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace comar::cli {

/// What a service or its script says is foreign text: these make it harmless for a terminal.
/// Escaped are control characters (C0, DEL, C1), what reorders or breaks lines (U+202A to U+202E,
/// U+2066 to U+2069, U+200E, U+200F, U+2028, U+2029) and bytes that are not UTF-8.

/// For one line: everything of the above becomes \xNN or \u{NNNN}, the line end \n.
[[nodiscard]] std::string escape_line(std::string_view text);

/// For a message of several lines: line ends and tabs stay, a line end at the end goes.
[[nodiscard]] std::string escape_message(std::string_view text);

/// For JSON that is serialized already: what JSON lets through becomes \uNNNN.
[[nodiscard]] std::string escape_json(std::string_view json);

/// Columns that a line takes on a terminal; wide characters take two, combining ones none.
[[nodiscard]] std::size_t display_width(std::string_view line);

/// The line itself when it fits `width` columns (at least 1), else its beginning and "…".
[[nodiscard]] std::string shorten(std::string_view line, std::size_t width);

}  // namespace comar::cli
