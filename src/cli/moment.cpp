// SPDX-License-Identifier: MIT
#include "cli/moment.h"

#include <array>
#include <ctime>

#include <fmt/format.h>

namespace comar::cli {
namespace {

using std::chrono::duration_cast;
using namespace std::chrono_literals;

std::tm in_time_zone(Moment moment) {
    const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(moment).count();
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    return parts;
}

std::string formatted(const std::tm& parts, const char* format) {
    std::array<char, 64> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), format, &parts);
    return {text.data(), size};
}

}  // namespace

Moment now() { return duration_cast<Moment>(std::chrono::system_clock::now().time_since_epoch()); }

std::string local_time(Moment moment) { return formatted(in_time_zone(moment), "%F %T"); }

std::string iso_time(Moment moment) {
    std::string text = formatted(in_time_zone(moment), "%FT%T%z");
    text.insert(text.size() - 2, ":");  // strftime writes the offset as +0300
    return text;
}

std::string time_ago(Moment moment, Moment now) {
    const auto span = now - moment;
    if (span < 0s) return "";
    if (span < 1min)
        return fmt::format("{} s ago", duration_cast<std::chrono::seconds>(span).count());
    if (span < 1h) return fmt::format("{} min ago", span / 1min);
    if (span < 48h) return fmt::format("{} h ago", span / 1h);
    return fmt::format("{} days ago", span / 24h);
}

std::string span_text(std::chrono::microseconds span) {
    if (span < 1s) return fmt::format("{} ms", span / 1ms);
    if (span < 1min) return fmt::format("{}.{} s", span / 1s, span % 1s / 100ms);
    if (span < 1h) return fmt::format("{} min {} s", span / 1min, span % 1min / 1s);
    if (span < 24h) return fmt::format("{} h {} min", span / 1h, span % 1h / 1min);
    return fmt::format("{} d {} h", span / 24h, span % 24h / 1h);
}

}  // namespace comar::cli
