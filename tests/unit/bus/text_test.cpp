// SPDX-License-Identifier: MIT
#include "bus/text.h"

#include <string>

#include <gtest/gtest.h>

namespace comar::bus {
namespace {

TEST(BusTextTest, TakesAllOfUnicodeButNul) {
    EXPECT_TRUE(is_bus_text(""));
    EXPECT_TRUE(is_bus_text("a\n\x7F"));
    EXPECT_TRUE(
        is_bus_text("Yaz\xC4\xB1"
                    "c\xC4\xB1 \xE2\x82\xAC \xF0\x9F\x98\x80"));
    EXPECT_TRUE(is_bus_text("\xF4\x8F\xBF\xBF"));  // U+10FFFF
    EXPECT_FALSE(is_bus_text(std::string_view("a\0b", 3)));
}

TEST(BusTextTest, RefusesBrokenUtf8) {
    for (const char* text :
         {"\x80", "\xC3", "\xC3(", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
          "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xFF", "\xE2\x82", "ok\xE2(\xA1"})
        EXPECT_FALSE(is_bus_text(text)) << text;
}

TEST(BusTextTest, RepairsWhatItCannotCarry) {
    EXPECT_EQ(to_bus_text("plain"), "plain");
    EXPECT_EQ(to_bus_text(std::string_view("a\0b", 3)),
              "a\xEF\xBF\xBD"
              "b");
    EXPECT_EQ(to_bus_text("x\xC3(\xFF"), "x\xEF\xBF\xBD(\xEF\xBF\xBD");
    EXPECT_TRUE(is_bus_text(to_bus_text("\xE2\x82\xED\xA0\x80\xF4\x90")));
}

TEST(BusTextTest, CutsBetweenCharacters) {
    EXPECT_EQ(to_bus_text("abc\xC4\xB1", 4), "abc");
    EXPECT_EQ(to_bus_text("abc\xC4\xB1", 5), "abc\xC4\xB1");
    EXPECT_EQ(to_bus_text(std::string(100, '\xFF'), 7).size(), 6U);
}

TEST(BusTextTest, KnowsNames) {
    EXPECT_TRUE(is_model_name("System.Service"));
    EXPECT_TRUE(is_model_name("X"));
    EXPECT_FALSE(is_model_name(""));
    EXPECT_FALSE(is_model_name("System..Service"));
    EXPECT_FALSE(is_model_name("../../etc"));
    EXPECT_FALSE(is_model_name(std::string(250, 'a')));
    EXPECT_FALSE(is_model_name(std::string_view("A\0B", 3)));
    EXPECT_TRUE(is_member_name("setState"));
    EXPECT_FALSE(is_member_name("set.state"));
    EXPECT_FALSE(is_member_name("1st"));
    EXPECT_FALSE(is_member_name(""));
    EXPECT_TRUE(is_object_path("/package/my_app"));
    EXPECT_FALSE(is_object_path("/package/"));
    EXPECT_FALSE(is_object_path("package"));
    EXPECT_FALSE(is_object_path(""));
}

}  // namespace
}  // namespace comar::bus
