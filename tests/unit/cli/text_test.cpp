// SPDX-License-Identifier: MIT
#include "cli/text.h"

#include <string>

#include <gtest/gtest.h>

namespace comar::cli {
namespace {

using namespace std::string_literals;

TEST(EscapeLineTest, OrdinaryTextOfAnyLanguageStaysAsItIs) {
    for (const char* text :
         {"", "Web server", "Yazıcı sunucusu: ğüşöçİ", "日本語 😀", "a\\b \"c\""})
        EXPECT_EQ(escape_line(text), text);
}

TEST(EscapeLineTest, NoTerminalSequenceGetsThrough) {
    EXPECT_EQ(escape_line("\033[31mred\033[0m"), "\\x1b[31mred\\x1b[0m");
    EXPECT_EQ(escape_line("\033]0;title\a"), "\\x1b]0;title\\x07");
    EXPECT_EQ(escape_line("\xc2\x9b"
                          "31m"),
              "\\x9b31m");  // the one-byte form of ESC [, in UTF-8
    EXPECT_EQ(escape_line("a\0b"s), "a\\x00b");
    EXPECT_EQ(escape_line("\x7f"), "\\x7f");
}

TEST(EscapeLineTest, ALineStaysOneLine) {
    EXPECT_EQ(escape_line("a\nb\rc\td"), "a\\nb\\rc\\td");
    EXPECT_EQ(escape_line("a\u2028b\u2029c"), "a\\u{2028}b\\u{2029}c");
}

TEST(EscapeLineTest, WhatReordersTextIsVisible) {
    EXPECT_EQ(escape_line("\u202egnp.exe"), "\\u{202e}gnp.exe");
    EXPECT_EQ(escape_line("\u2066x\u2069"), "\\u{2066}x\\u{2069}");
    EXPECT_EQ(escape_line("\u200f"), "\\u{200f}");
}

TEST(EscapeLineTest, BytesThatAreNotUtf8AreVisible) {
    EXPECT_EQ(escape_line("a\xff\xc3"), "a\\xff\\xc3");
    EXPECT_EQ(escape_line("\x9b"), "\\x9b");
}

TEST(EscapeMessageTest, LinesStayAndLineEndsAtTheEndGo) {
    EXPECT_EQ(escape_message("one\n\ttwo\033\n\n"), "one\n\ttwo\\x1b");
    EXPECT_EQ(escape_message("bare\rreturn"), "bare\\rreturn");
    EXPECT_EQ(escape_message("\n"), "");
}

TEST(EscapeJsonTest, WhatJsonLetsThroughIsEscapedAsJson) {
    EXPECT_EQ(escape_json("{\n  \"a\": \"\x7f\u009b\u202eğ\"\n}"),
              "{\n  \"a\": \"\\u007f\\u009b\\u202eğ\"\n}");
}

TEST(DisplayWidthTest, CountsColumnsAndNotBytes) {
    EXPECT_EQ(display_width(""), 0U);
    EXPECT_EQ(display_width("nginx"), 5U);
    EXPECT_EQ(display_width("Yazıcı"), 6U);
    EXPECT_EQ(display_width("日本"), 4U);
    EXPECT_EQ(display_width("e\u0301"), 1U);  // e and a combining accent
    EXPECT_EQ(display_width("…"), 1U);
}

TEST(ShortenTest, WhatFitsStaysWhole) {
    EXPECT_EQ(shorten("server", 6), "server");
    EXPECT_EQ(shorten("ğüş", 3), "ğüş");
    EXPECT_EQ(shorten("", 1), "");
}

TEST(ShortenTest, WhatDoesNotFitEndsInAnEllipsisThatFits) {
    EXPECT_EQ(shorten("server", 5), "serv…");
    EXPECT_EQ(shorten("ğüşöç", 3), "ğü…");
    EXPECT_EQ(shorten("server", 1), "…");
}

TEST(ShortenTest, AWideCharacterIsNeverCutInTwo) {
    EXPECT_EQ(shorten("日本語", 5), "日本…");
    EXPECT_EQ(shorten("日本語", 4), "日…");
    EXPECT_EQ(display_width(shorten("日本語", 4)), 3U);
}

}  // namespace
}  // namespace comar::cli
