// SPDX-License-Identifier: MIT
#include "cli/log_printer.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/json_output.h"
#include "cli/moment.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace comar::cli {
namespace {

/// As many at a time as make writing cheap.
constexpr std::size_t lines_a_write = 256;

/// A stamp up to and with its Z.
constexpr std::size_t iso_size = 27;

bool has_time(const LogEntry& entry) { return entry.time != WallTime(); }

}  // namespace

bool LogPrinter::print(const LogEntry& entry) {
    if (style_.json) {
        print_as_json(entry);
    } else {
        print_for_people(entry);
    }
    return ++printed_ % lines_a_write != 0 || output_.flush();
}

void LogPrinter::print_as_json(const LogEntry& entry) {
    nlohmann::ordered_json time;
    if (has_time(entry)) time = stamps_.stamp(entry.time, entry.stream).substr(0, iso_size);
    print_json(output_,
               {{"time", time},
                {"service", entry.service},
                {"stream", entry.stream == Stream::err ? "err" : "out"},
                {"text", entry.text}},
               JsonLayout::one_line);
}

void LogPrinter::print_for_people(const LogEntry& entry) {
    std::string line = local_time(entry.time) + " ";
    if (!has_time(entry)) std::ranges::fill(line, ' ');
    if (style_.name_width > 0) line += fmt::format("{:<{}} ", entry.service, style_.name_width);
    const bool is_marked = style_.colored && entry.stream == Stream::err;
    const std::string text = escape_message(entry.text);
    line += is_marked ? colored(text, Color::yellow) : text;
    output_.print(line + "\n");
}

std::string LogPrinter::local_time(WallTime time) {
    const auto second = std::chrono::floor<std::chrono::seconds>(time);
    if (second != second_) {
        time_ = cli::local_time(second.time_since_epoch());
        second_ = second;
    }
    return fmt::format("{}.{:03}", time_, (time - second).count() / 1000);
}

}  // namespace comar::cli
