// SPDX-License-Identifier: MIT
#include "cli/since.h"

#include <array>
#include <charconv>
#include <cstring>
#include <ctime>
#include <optional>

namespace comar::cli {
namespace {

using std::chrono::seconds;

std::optional<seconds> unit_of(std::string_view name) {
    using namespace std::chrono_literals;
    if (name == "s") return 1s;
    if (name == "m" || name == "min") return 1min;
    if (name == "h") return 1h;
    if (name == "d") return 24h;
    if (name == "w") return 168h;
    return std::nullopt;
}

/// "10m"
std::optional<seconds> parse_span(std::string_view text) {
    constexpr std::int64_t most = 100'000'000;  // in any unit that is before there were computers
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto unit = unit_of({end, static_cast<std::size_t>(text.data() + text.size() - end)});
    if (error != std::errc() || number < 0 || number > most || !unit) return std::nullopt;
    return number * *unit;
}

WallTime from_seconds(std::time_t time) { return WallTime(seconds(time)); }

std::tm midnight(WallTime now, int days_before) {
    const std::time_t time = std::chrono::floor<seconds>(now).time_since_epoch().count();
    std::tm parts{};
    ::localtime_r(&time, &parts);
    parts.tm_sec = parts.tm_min = parts.tm_hour = 0;
    parts.tm_mday -= days_before;
    parts.tm_isdst = -1;
    return parts;
}

std::optional<WallTime> parse_date(std::string text) {
    const bool is_utc = text.ends_with('Z');
    if (is_utc) text.pop_back();
    constexpr std::array formats{"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S",
                                 "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"};
    for (const char* format : formats) {
        std::tm parts{};
        const char* end = ::strptime(text.c_str(), format, &parts);
        if (end == nullptr || *end != '\0') continue;
        parts.tm_isdst = -1;
        const int day = parts.tm_mday;
        const std::time_t time = is_utc ? ::timegm(&parts) : ::mktime(&parts);
        if (parts.tm_mday != day) return std::nullopt;  // the 31st of a month that has 30 days
        return from_seconds(time);
    }
    return std::nullopt;
}

/// comar's own stamps have parts of a second, which nobody needs to leave out.
std::string without_fraction(std::string text) {
    const auto dot = text.find('.');
    if (dot == std::string::npos) return text;
    const auto end = text.find_first_not_of("0123456789", dot + 1);
    return text.erase(dot, end == std::string::npos ? end : end - dot);
}

}  // namespace

Result<WallTime> parse_since(const std::string& text, WallTime now) {
    if (const auto span = parse_span(text)) return now - *span;
    if (text == "today" || text == "yesterday") {
        std::tm parts = midnight(now, text == "yesterday" ? 1 : 0);
        return from_seconds(::mktime(&parts));
    }
    if (const auto date = parse_date(without_fraction(text))) return *date;
    return failure(ErrorKind::invalid,
                   "cannot understand the time '" + text +
                       "': write 10m, 2h, 3d, today, yesterday, 2026-11-24 or 2026-11-24 06:40");
}

}  // namespace comar::cli
