// SPDX-License-Identifier: MIT
#include "core/log_line.h"

#include <charconv>

namespace comar {
namespace {

using namespace std::chrono;

/// A stamp; a digit stands for any digit.
constexpr std::string_view shape = "0000-00-00T00:00:00.000000Z ";

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

bool has_shape(std::string_view text) {
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (is_digit(shape[i]) ? !is_digit(text[i]) : text[i] != shape[i]) return false;
    }
    return true;
}

int number_at(std::string_view text, std::size_t at, std::size_t digits) {
    int number = 0;
    (void)std::from_chars(text.data() + at, text.data() + at + digits, number);
    return number;
}

void put_number(std::string& text, std::size_t at, std::size_t digits, std::int64_t number) {
    for (std::size_t i = at + digits; i-- > at; number /= 10) {
        text[i] = static_cast<char>('0' + number % 10);
    }
}

std::optional<Stream> stream_at_end_of(std::string_view stamp) {
    if (stamp.ends_with(" out ")) return Stream::out;
    if (stamp.ends_with(" err ")) return Stream::err;
    return std::nullopt;
}

}  // namespace

std::optional<LogLine> parse_log_line(std::string_view line) {
    if (line.size() < stamp_size || !has_shape(line)) return std::nullopt;
    const auto stream = stream_at_end_of(line.substr(0, stamp_size));
    const year_month_day date{year(number_at(line, 0, 4)),
                              month(static_cast<unsigned>(number_at(line, 5, 2))),
                              day(static_cast<unsigned>(number_at(line, 8, 2)))};
    if (!stream || !date.ok()) return std::nullopt;
    const WallTime time = sys_days(date) + hours(number_at(line, 11, 2)) +
                          minutes(number_at(line, 14, 2)) + seconds(number_at(line, 17, 2)) +
                          microseconds(number_at(line, 20, 6));
    return LogLine{time, *stream, line.substr(stamp_size)};
}

std::string_view StampWriter::stamp(WallTime time, Stream stream) {
    const auto second = floor<seconds>(time);
    if (second != second_) {
        const auto midnight = floor<days>(second);
        const year_month_day date(midnight);
        const hh_mm_ss clock(second - midnight);
        put_number(text_, 0, 4, static_cast<int>(date.year()));
        put_number(text_, 5, 2, static_cast<unsigned>(date.month()));
        put_number(text_, 8, 2, static_cast<unsigned>(date.day()));
        put_number(text_, 11, 2, clock.hours().count());
        put_number(text_, 14, 2, clock.minutes().count());
        put_number(text_, 17, 2, clock.seconds().count());
        second_ = second;
    }
    put_number(text_, 20, 6, (time - second).count());
    text_.replace(28, 3, stream == Stream::err ? "err" : "out");
    return text_;
}

}  // namespace comar
