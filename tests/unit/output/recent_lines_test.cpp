// SPDX-License-Identifier: MIT
#include "output/recent_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/log_line.h"

namespace comar {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string stamped(const std::string& text) {
    return std::string(StampWriter().stamp({}, Stream::out)) + text + "\n";
}

TEST(RecentLinesTest, TheLastOnesAreToldOldestFirst) {
    RecentLines recent;
    EXPECT_THAT(recent.last(3), IsEmpty());
    recent.add(stamped("one") + stamped(""));
    recent.add(stamped("three"));
    EXPECT_THAT(recent.last(2), ElementsAre("", "three"));
    EXPECT_THAT(recent.last(9), ElementsAre("one", "", "three"));
    EXPECT_THAT(recent.last(0), IsEmpty());
}

TEST(RecentLinesTest, NumberAndSizeAreBounded) {
    RecentLines recent;
    for (int i = 0; i < 1000; ++i) recent.add(stamped(std::to_string(i)));
    const auto lines = recent.last(1000);
    EXPECT_EQ(lines.size(), RecentLines::max_lines);
    EXPECT_EQ(lines.back(), "999");
    for (int i = 0; i < 40; ++i) recent.add(stamped(std::string(3000, 'x')));
    EXPECT_EQ(recent.last(32).size(), 2U);
}

TEST(RecentLinesTest, OneLineIsKeptHoweverLong) {
    RecentLines recent;
    recent.add(stamped("short") + stamped(std::string(9000, 'x')));
    EXPECT_THAT(recent.last(5), ElementsAre(std::string(9000, 'x')));
}

}  // namespace
}  // namespace comar
