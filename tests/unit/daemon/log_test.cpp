// SPDX-License-Identifier: MIT
#include "daemon/log.h"

#include <gtest/gtest.h>

namespace comar {
namespace {

TEST(LogTest, WhatIsHarmlessStaysAsItIs) {
    for (const char* text : {"", "web has ended", "a\tb", "çalışmıyor – €", "\xc2\xa0"}) {
        EXPECT_EQ(harmless(text), text);
    }
}

TEST(LogTest, NoFurtherLineLooksLikeAMessage) {
    EXPECT_EQ(harmless("it printed:\ncomard: 2026-11-28 info all is well"),
              "it printed:\n    comard: 2026-11-28 info all is well");
}

TEST(LogTest, NothingCommandsATerminal) {
    EXPECT_EQ(harmless("a\033[2Jb\rc\x7f"), "a?[2Jb?c?");
    EXPECT_EQ(harmless("a\xc2\x9b"
                       "2Jb"),
              "a?2Jb");
    EXPECT_EQ(harmless("cut\xc2"), "cut\ufffd");
    EXPECT_EQ(harmless("a\x9b"
                       "2Jb"),
              "a\ufffd2Jb")
        << "what an 8-bit terminal obeys";
    EXPECT_EQ(harmless(std::string_view("a\0b", 3)), "a\ufffdb");
}

}  // namespace
}  // namespace comar
