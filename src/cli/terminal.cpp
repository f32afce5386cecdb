// SPDX-License-Identifier: MIT
#include "cli/terminal.h"

#include <charconv>
#include <cstdlib>

#include <sys/ioctl.h>

#include <unistd.h>

namespace comar::cli {
namespace {

/// By Color.
constexpr std::string_view sequences[] = {"",         "\033[1m",  "\033[2m",
                                          "\033[32m", "\033[33m", "\033[31m"};
static_assert(std::size(sequences) == static_cast<std::size_t>(Color::red) + 1);

std::string_view value_of(const Lookup& environment, const char* name) {
    const char* value = environment(name);
    return value == nullptr ? std::string_view() : value;
}

std::optional<std::size_t> width_from_kernel() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
    return size.ws_col;
}

}  // namespace

std::string colored(std::string_view text, Color color) {
    if (color == Color::none) return std::string(text);
    return std::string(sequences[static_cast<std::size_t>(color)]).append(text).append("\033[0m");
}

bool wants_color(const Lookup& environment, bool is_terminal) {
    if (!value_of(environment, "NO_COLOR").empty()) return false;
    const auto forced = value_of(environment, "CLICOLOR_FORCE");
    if (!forced.empty() && forced != "0") return true;
    if (value_of(environment, "CLICOLOR") == "0") return false;
    if (value_of(environment, "TERM") == "dumb") return false;
    return is_terminal;
}

std::optional<std::size_t> columns(const Lookup& environment,
                                   std::optional<std::size_t> kernel_says) {
    const auto text = value_of(environment, "COLUMNS");
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number = error == std::errc() && end == text.data() + text.size();
    return is_number && number > 0 ? number : kernel_says;
}

OutputStyle style_of_stdout() {
    const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
    const Lookup environment = [](const char* name) -> const char* { return std::getenv(name); };
    OutputStyle style{.colored = wants_color(environment, is_terminal), .width = std::nullopt};
    if (is_terminal) style.width = columns(environment, width_from_kernel());
    return style;
}

}  // namespace comar::cli
