// SPDX-License-Identifier: MIT
#include "cli/table.h"

#include <algorithm>

#include "cli/text.h"

namespace comar::cli {
namespace {

constexpr std::size_t gap = 2;

using Row = std::vector<Cell>;
using Widths = std::vector<std::size_t>;

Row title_row(const std::vector<Column>& columns) {
    Row row;
    for (const auto& column : columns) row.push_back({std::string(column.title), Color::bold});
    return row;
}

Row escaped(Row row) {
    for (auto& cell : row) cell.text = escape_line(cell.text);
    return row;
}

Widths natural_widths(const std::vector<Row>& lines, std::size_t columns) {
    Widths widths(columns, 0);
    for (const auto& line : lines)
        for (std::size_t i = 0; i < columns; ++i)
            widths[i] = std::max(widths[i], display_width(line[i].text));
    return widths;
}

/// Takes what a line has too much from the columns that shrink; one column of each stays.
void shrink(Widths& widths, const std::vector<Column>& columns, std::size_t limit) {
    std::size_t total = gap * (widths.size() - 1);
    for (const auto width : widths) total += width;
    for (std::size_t i = 0; i < columns.size() && total > limit; ++i) {
        if (!columns[i].shrinks || widths[i] <= 1) continue;
        const std::size_t taken = std::min(total - limit, widths[i] - 1);
        widths[i] -= taken;
        total -= taken;
    }
}

std::string render_line(const Row& line, const Widths& widths, bool in_color) {
    std::string text;
    std::size_t owed = 0;  // spaces that only a later cell makes visible
    for (std::size_t i = 0; i < line.size(); ++i) {
        const std::string shown = shorten(line[i].text, std::max<std::size_t>(widths[i], 1));
        const std::size_t width = display_width(shown);
        if (width > 0) {
            text.append(owed, ' ').append(colored(shown, in_color ? line[i].color : Color::none));
            owed = 0;
        }
        owed += widths[i] - std::min(width, widths[i]) + gap;
    }
    return text.append("\n");
}

}  // namespace

std::string render_table(const std::vector<Column>& columns, const std::vector<Row>& rows,
                         const OutputStyle& style) {
    std::vector<Row> lines{title_row(columns)};
    for (const auto& row : rows) lines.push_back(escaped(row));
    Widths widths = natural_widths(lines, columns.size());
    if (style.width) shrink(widths, columns, *style.width);
    std::string text;
    for (const auto& line : lines) text += render_line(line, widths, style.colored);
    return text;
}

}  // namespace comar::cli
