// SPDX-License-Identifier: MIT
#include "cli/utf8.h"

#include <string_view>

#include <gtest/gtest.h>

namespace comar::cli {
namespace {

using namespace std::string_view_literals;

void expect_valid(std::string_view text, char32_t code, std::size_t size) {
    const auto character = first_character(text);
    EXPECT_TRUE(character.valid) << text;
    EXPECT_EQ(character.code, code) << text;
    EXPECT_EQ(character.size, size) << text;
}

void expect_broken(std::string_view text) {
    const auto character = first_character(text);
    EXPECT_FALSE(character.valid) << text;
    EXPECT_EQ(character.size, 1U) << text;
    EXPECT_EQ(character.code, static_cast<unsigned char>(text[0])) << text;
}

TEST(Utf8Test, CharactersOfEachLengthAreReadAtBothEndsOfTheirRange) {
    expect_valid("\0"sv, 0, 1);
    expect_valid("\x7f", 0x7f, 1);
    expect_valid("\xc2\x80", 0x80, 2);
    expect_valid("\xdf\xbf", 0x7ff, 2);
    expect_valid("\xe0\xa0\x80", 0x800, 3);
    expect_valid("\xef\xbf\xbf", 0xffff, 3);
    expect_valid("\xf0\x90\x80\x80", 0x10000, 4);
    expect_valid("\xf4\x8f\xbf\xbf", 0x10ffff, 4);
}

TEST(Utf8Test, OnlyTheFirstCharacterIsTaken) { expect_valid("ğz", 0x11f, 2); }

TEST(Utf8Test, OverlongFormsAreBroken) {
    expect_broken("\xc0\x80");
    expect_broken("\xc1\xbf");
    expect_broken("\xe0\x9f\xbf");
    expect_broken("\xf0\x8f\xbf\xbf");
}

TEST(Utf8Test, SurrogatesAndCodesAboveUnicodeAreBroken) {
    expect_broken("\xed\xa0\x80");
    expect_broken("\xed\xbf\xbf");
    expect_broken("\xf4\x90\x80\x80");
    expect_broken("\xff");
    expect_broken("\xf8\x88\x80\x80\x80");
}

TEST(Utf8Test, WhatIsCutShortOrOutOfPlaceIsBroken) {
    expect_broken("\xc3");
    expect_broken("\xe2\x80");
    expect_broken("\xf0\x9f\x98");
    expect_broken("\xc3z");
    expect_broken("\x80");
}

}  // namespace
}  // namespace comar::cli
