// SPDX-License-Identifier: MIT
#include "output/line_stamper.h"

#include <algorithm>

namespace comar {

void LineStamper::feed(std::string_view piece, std::string_view stamp, std::string& into) {
    while (!piece.empty()) {
        const std::size_t newline = piece.find('\n');
        const std::size_t room = max_line - rest_.size();
        const std::size_t length = std::min({newline, room, piece.size()});
        rest_.append(piece.substr(0, length));
        piece.remove_prefix(length);
        const bool ends_here = !piece.empty() && piece.front() == '\n';
        if (ends_here) piece.remove_prefix(1);
        if (ends_here || rest_.size() == max_line) {
            into.append(stamp).append(rest_).push_back('\n');
            rest_.clear();
        }
    }
}

void LineStamper::finish(std::string_view stamp, std::string& into) {
    if (rest_.empty()) return;
    into.append(stamp).append(rest_).push_back('\n');
    rest_.clear();
}

}  // namespace comar
