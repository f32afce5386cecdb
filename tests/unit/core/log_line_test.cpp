// SPDX-License-Identifier: MIT
#include "core/log_line.h"

#include <gtest/gtest.h>

namespace comar {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

constexpr WallTime morning = sys_days(2026y / November / 24) + 6h + 40min + 12s + 123456us;

TEST(LogLineTest, AStampIsUtcWithMicroseconds) {
    StampWriter writer;
    EXPECT_EQ(writer.stamp(morning, Stream::out), "2026-11-24T06:40:12.123456Z out ");
    EXPECT_EQ(writer.stamp(morning + 1us, Stream::err), "2026-11-24T06:40:12.123457Z err ");
    EXPECT_EQ(writer.stamp(morning + 18h, Stream::out), "2026-11-25T00:40:12.123456Z out ");
    EXPECT_EQ(writer.stamp(morning - 1s, Stream::out), "2026-11-24T06:40:11.123456Z out ");
}

TEST(LogLineTest, WhatWasWrittenIsReadAgain) {
    const auto line = parse_log_line("2026-11-24T06:40:12.123456Z err no such file");
    ASSERT_TRUE(line);
    EXPECT_EQ(line->time, morning);
    EXPECT_EQ(line->stream, Stream::err);
    EXPECT_EQ(line->text, "no such file");
    EXPECT_EQ(parse_log_line("2026-11-24T06:40:12.123456Z out ")->text, "");
}

TEST(LogLineTest, ALineWithoutAStampIsNone) {
    for (const char* text :
         {"", "short", "2026-11-24T06:40:12.123456Z", "2026-11-24T06:40:12.123456Z log text",
          "2026-13-24T06:40:12.123456Z out text", "2026-02-30T06:40:12.123456Z out text",
          "2026-11-24 06:40:12.123456Z out text", "2O26-11-24T06:40:12.123456Z out text"}) {
        EXPECT_FALSE(parse_log_line(text)) << text;
    }
}

}  // namespace
}  // namespace comar
