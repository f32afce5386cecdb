// SPDX-License-Identifier: MIT
#include "core/log_names.h"

#include <charconv>

namespace comar {
namespace {

constexpr std::string_view middle = ".log";
constexpr std::string_view unfinished_end = ".zst.new";

}  // namespace

std::optional<LogName> parse_log_name(std::string_view name) {
    // The names of services have no dots.
    const std::size_t dot = name.find('.');
    if (dot == 0 || dot == std::string_view::npos) return std::nullopt;
    if (!name.substr(dot).starts_with(middle)) return std::nullopt;
    LogName parsed{std::string(name.substr(0, dot)), 0, false};
    std::string_view end = name.substr(dot + middle.size());
    if (end.empty()) return parsed;
    const auto [last, error] =
        std::from_chars(end.data() + 1, end.data() + end.size(), parsed.number);
    if (end.front() != '.' || error != std::errc() || parsed.number == 0) return std::nullopt;
    end.remove_prefix(static_cast<std::size_t>(last - end.data()));
    parsed.compressed = end == ".zst";
    if (!end.empty() && !parsed.compressed) return std::nullopt;
    return parsed;
}

std::string unfinished_name(std::string_view app) {
    return std::string(".").append(app).append(unfinished_end);
}

bool is_unfinished_name(std::string_view name) {
    return name.starts_with('.') && name.ends_with(unfinished_end);
}

}  // namespace comar
