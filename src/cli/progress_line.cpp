// SPDX-License-Identifier: MIT
#include "cli/progress_line.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "cli/output.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace comar::cli {
namespace {

using nlohmann::json;

constexpr std::size_t most_named = 4;
constexpr std::size_t usual_width = 80;
/// Where lines stay, so many for all of it.
constexpr std::size_t most_lines = 10;
/// And one that tells who holds it up, where nothing moves.
constexpr std::chrono::seconds longest_silence{10};

/// Those that take longest first: one of them is why it is not over.
std::string in_flight(const json& list) {
    std::vector<std::pair<std::int64_t, std::string>> services;
    for (const json& one : list) {
        services.emplace_back(one.value("for", std::int64_t{0}), one.value("app", ""));
    }
    std::sort(services.rbegin(), services.rend());
    std::string text;
    for (std::size_t i = 0; i < std::min(services.size(), most_named); ++i) {
        text += fmt::format("{}{} {:.1f} s", i == 0 ? "; " : ", ", escape_line(services[i].second),
                            static_cast<double>(services[i].first) / 1e6);
    }
    if (services.size() > most_named)
        text += fmt::format(" and {} more", services.size() - most_named);
    return text;
}

}  // namespace

std::string describe_progress(std::string_view progress) {
    const json told = json::parse(progress, nullptr, false);
    if (!told.is_object() || !told.contains("total")) return "";
    const std::size_t failed = told.value("failed", std::size_t{0});
    return fmt::format("{}: {} of {}{}{}", told.value("kind", ""), told.value("over", 0U),
                       told.value("total", 0U),
                       failed == 0 ? "" : fmt::format(", {} failed", failed),
                       in_flight(told.value("in_flight", json::array())));
}

ProgressLine::ProgressLine(bool quiet)
    : quiet_(quiet),
      on_terminal_(::isatty(STDERR_FILENO) == 1),
      width_(style_of_stdout().width.value_or(usual_width)) {}

void ProgressLine::show(std::string_view progress) {
    const std::string text = quiet_ ? "" : describe_progress(progress);
    if (text.empty()) return;
    if (on_terminal_) {
        const std::string line = "\r\x1b[K" + text.substr(0, width_ - 1);
        is_shown_ = ::write(STDERR_FILENO, line.data(), line.size()) > 0;
        return;
    }
    const json told = json::parse(progress, nullptr, false);
    const std::size_t over = told.value("over", std::size_t{0});
    const std::size_t total = told.value("total", std::size_t{0});
    const auto now = std::chrono::steady_clock::now();
    const bool is_further = over >= told_ + std::max<std::size_t>(total / most_lines, 1);
    if (!is_further && now - told_at_ < longest_silence) return;
    told_ = over;
    told_at_ = now;
    note(text);
}

void ProgressLine::end() {
    constexpr std::string_view clear = "\r\x1b[K";
    if (std::exchange(is_shown_, false)) (void)!::write(STDERR_FILENO, clear.data(), clear.size());
}

}  // namespace comar::cli
