// SPDX-License-Identifier: MIT
#include "cli/moment.h"

#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

namespace comar::cli {
namespace {

using namespace std::chrono_literals;

/// A time zone for one test.
class TimeZone {
public:
    explicit TimeZone(const char* zone) {
        if (const char* before = std::getenv("TZ")) before_ = before;
        set(zone);
    }
    TimeZone(const TimeZone&) = delete;
    TimeZone& operator=(const TimeZone&) = delete;
    ~TimeZone() { set(before_.empty() ? nullptr : before_.c_str()); }

private:
    static void set(const char* zone) {
        if (zone == nullptr)
            ::unsetenv("TZ");
        else
            ::setenv("TZ", zone, 1);
        ::tzset();
    }
    std::string before_;
};

constexpr Moment first_of_may = 1714566896s + 250ms;  // 2024-05-01 12:34:56.25 UTC

TEST(MomentTest, IsShownInTheUsersTimeZone) {
    const TimeZone istanbul("<+03>-3");
    EXPECT_EQ(local_time(first_of_may), "2024-05-01 15:34:56");
    EXPECT_EQ(iso_time(first_of_may), "2024-05-01T15:34:56+03:00");
}

TEST(MomentTest, OffsetsWestOfGreenwichAndOfHalfAnHourAreRight) {
    const TimeZone newfoundland("<-0330>3:30");
    EXPECT_EQ(iso_time(first_of_may), "2024-05-01T09:04:56-03:30");
}

TEST(MomentTest, UniversalTimeHasAnOffsetToo) {
    const TimeZone utc("UTC0");
    EXPECT_EQ(iso_time(first_of_may), "2024-05-01T12:34:56+00:00");
}

TEST(TimeAgoTest, UsesTheLargestUnitThatFits) {
    const auto ago = [](auto span) { return time_ago(first_of_may - span, first_of_may); };
    EXPECT_EQ(ago(0s), "0 s ago");
    EXPECT_EQ(ago(59999ms), "59 s ago");
    EXPECT_EQ(ago(60s), "1 min ago");
    EXPECT_EQ(ago(59min + 59s), "59 min ago");
    EXPECT_EQ(ago(1h), "1 h ago");
    EXPECT_EQ(ago(47h), "47 h ago");
    EXPECT_EQ(ago(48h), "2 days ago");
}

TEST(TimeAgoTest, SaysNothingAboutTheFuture) {
    EXPECT_EQ(time_ago(first_of_may + 1s, first_of_may), "");
}

TEST(SpanTextTest, ShowsTheTwoLargestUnits) {
    EXPECT_EQ(span_text(0us), "0 ms");
    EXPECT_EQ(span_text(999999us), "999 ms");
    EXPECT_EQ(span_text(1s), "1.0 s");
    EXPECT_EQ(span_text(59990ms), "59.9 s");
    EXPECT_EQ(span_text(60s), "1 min 0 s");
    EXPECT_EQ(span_text(3599s), "59 min 59 s");
    EXPECT_EQ(span_text(2h + 5min), "2 h 5 min");
    EXPECT_EQ(span_text(76h), "3 d 4 h");
}

}  // namespace
}  // namespace comar::cli
