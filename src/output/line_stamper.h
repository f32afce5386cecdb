// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace comar {

/// Turns what a program writes, in whatever pieces it comes, into whole lines, each with a stamp in
/// front. A line that is longer than the limit is cut into several; a last one without a newline
/// waits for its rest.
class LineStamper {
public:
    static constexpr std::size_t max_line = 8192;  ///< bytes, without stamp and newline

    /// Takes a piece and appends all lines that it completes to `into`. `stamp` is put before each
    /// of them ("2026-11-24T06:40:12.123456Z out ").
    void feed(std::string_view piece, std::string_view stamp, std::string& into);

    /// The writer is gone: what waits becomes a line.
    void finish(std::string_view stamp, std::string& into);

    /// The beginning of a line that waits for its end, and for another comard that goes on with it.
    [[nodiscard]] const std::string& rest() const { return rest_; }
    void set_rest(std::string rest) { rest_ = std::move(rest); }

private:
    std::size_t complete_rest(std::string_view piece, std::string_view stamp, std::string& into);

    std::string rest_;  ///< max_line bytes at most
};

}  // namespace comar
