// SPDX-License-Identifier: MIT
#include "cli/since.h"

#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

namespace comar::cli {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

class SinceTest : public ::testing::Test {
protected:
    SinceTest() { use_zone("EST5"); }  // five hours behind UTC, without summer time
    ~SinceTest() override { use_zone("UTC"); }
    static void use_zone(const char* zone) {
        ::setenv("TZ", zone, 1);
        ::tzset();
    }
    /// In UTC.
    static WallTime at(int day, seconds clock) { return sys_days(2026y / 11 / day) + clock; }
    WallTime since(const std::string& text) const {
        const auto time = parse_since(text, now_);
        EXPECT_TRUE(time) << time.error().message;
        return time.value_or(WallTime());
    }
    const WallTime now_ = at(24, 3h);  // ten in the evening of the 23rd for the user
};

TEST_F(SinceTest, SpansCountBackwards) {
    EXPECT_EQ(since("30s"), now_ - 30s);
    EXPECT_EQ(since("10m"), now_ - 10min);
    EXPECT_EQ(since("10min"), now_ - 10min);
    EXPECT_EQ(since("2h"), now_ - 2h);
    EXPECT_EQ(since("3d"), now_ - 72h);
    EXPECT_EQ(since("1w"), now_ - 168h);
}

TEST_F(SinceTest, DaysAreThoseOfTheUser) {
    EXPECT_EQ(since("today"), at(23, 5h));
    EXPECT_EQ(since("yesterday"), at(22, 5h));
    EXPECT_EQ(since("2026-11-24"), at(24, 5h));
    EXPECT_EQ(since("2026-11-24 06:40"), at(24, 11h + 40min));
    EXPECT_EQ(since("2026-11-24 06:40:12"), at(24, 11h + 40min + 12s));
    EXPECT_EQ(since("2026-11-24T06:40"), at(24, 11h + 40min));
}

TEST_F(SinceTest, AZMeansUtc) {
    EXPECT_EQ(since("2026-11-24T06:40:12Z"), at(24, 6h + 40min + 12s));
    EXPECT_EQ(since("2026-11-24T06:40:12.123456Z"), at(24, 6h + 40min + 12s));
}

TEST_F(SinceTest, OtherTextsAreRefused) {
    for (const char* text :
         {"", "10", "m", "-5m", "10 m", "10x", "noon", "2026-13-01", "2026-02-30",
          "2026-11-24 25:00", "2026-11-24 06:40 and more", "99999999999999999999s"}) {
        EXPECT_FALSE(parse_since(text, now_)) << text;
    }
}

}  // namespace
}  // namespace comar::cli
