// SPDX-License-Identifier: MIT
#include "output/recent_lines.h"

#include <algorithm>

#include "core/log_line.h"

namespace comar {
namespace {

/// The end of `lines`, with as many whole lines as fit.
std::string_view end_of(std::string_view lines, std::size_t max_lines, std::size_t max_bytes) {
    std::size_t begin = lines.size();
    for (std::size_t count = 0; count < max_lines && begin > 0; ++count) {
        const std::size_t newline =
            begin < 2 ? std::string_view::npos : lines.rfind('\n', begin - 2);
        const std::size_t next = newline == std::string_view::npos ? 0 : newline + 1;
        if (count > 0 && lines.size() - next > max_bytes) break;
        begin = next;
    }
    return lines.substr(begin);
}

}  // namespace

void RecentLines::add(std::string_view lines) {
    lines_.append(end_of(lines, max_lines, max_bytes));
    // Not at every line: to move what is kept costs more than to keep a little longer.
    if (lines_.size() > 2 * max_bytes) {
        lines_ = std::string(end_of(lines_, max_lines, max_bytes));
    }
}

std::vector<std::string> RecentLines::last(std::size_t count) const {
    std::vector<std::string> texts;
    std::string_view left = end_of(lines_, std::min(count, max_lines), max_bytes);
    while (!left.empty()) {
        const std::string_view line = left.substr(0, left.find('\n'));
        texts.emplace_back(line.substr(std::min(stamp_size, line.size())));
        left.remove_prefix(line.size() + 1);
    }
    return texts;
}

}  // namespace comar
