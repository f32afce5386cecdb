// SPDX-License-Identifier: MIT
#include "output/line_stamper.h"

#include <algorithm>
#include <cstring>

namespace comar {
namespace {

void add_line(std::string& into, std::string_view stamp, std::string_view line) {
    into.append(stamp).append(line).push_back('\n');
}

/// Where the line ends that begins with `text`: at its newline, or where it becomes too long.
/// npos: `text` is all there is of it so far.
std::size_t end_of_line(std::string_view text, std::size_t room) {
    const std::size_t seen = std::min(text.size(), room + 1);
    const void* newline = seen == 0 ? nullptr : std::memchr(text.data(), '\n', seen);
    if (newline != nullptr) {
        return static_cast<std::size_t>(static_cast<const char*>(newline) - text.data());
    }
    return text.size() > room ? room : std::string_view::npos;
}

}  // namespace

void LineStamper::feed(std::string_view piece, std::string_view stamp, std::string& into) {
    if (!rest_.empty()) piece.remove_prefix(complete_rest(piece, stamp, into));
    while (!piece.empty()) {
        const std::size_t end = end_of_line(piece, max_line);
        if (end == std::string_view::npos) {
            rest_.assign(piece);
            return;
        }
        add_line(into, stamp, piece.substr(0, end));
        piece.remove_prefix(piece[end] == '\n' ? end + 1 : end);
    }
}

/// How much of the piece belongs to the line that has begun before it.
std::size_t LineStamper::complete_rest(std::string_view piece, std::string_view stamp,
                                       std::string& into) {
    const std::size_t end = end_of_line(piece, max_line - rest_.size());
    if (end == std::string_view::npos) {
        rest_.append(piece);
        return piece.size();
    }
    rest_.append(piece.substr(0, end));
    finish(stamp, into);
    return piece[end] == '\n' ? end + 1 : end;
}

void LineStamper::finish(std::string_view stamp, std::string& into) {
    if (rest_.empty()) return;
    add_line(into, stamp, rest_);
    rest_.clear();
}

}  // namespace comar
