// SPDX-License-Identifier: MIT
#include "core/name.h"

#include <gtest/gtest.h>

namespace comar {
namespace {

TEST(BusSafeNameTest, ASafeNameStaysAsItIs) {
    EXPECT_EQ(bus_safe_name("nginx"), "nginx");
    EXPECT_EQ(bus_safe_name("My_App2"), "My_App2");
    EXPECT_EQ(bus_safe_name("_7zip"), "_7zip");
}

TEST(BusSafeNameTest, EveryOtherCharacterBecomesAnUnderscore) {
    EXPECT_EQ(bus_safe_name("my-app"), "my_app");
    EXPECT_EQ(bus_safe_name("php7.4-fpm"), "php7_4_fpm");
    EXPECT_EQ(bus_safe_name("../../etc/passwd"), "______etc_passwd");
    EXPECT_EQ(bus_safe_name("a b\n"), "a_b_");
}

TEST(BusSafeNameTest, ALeadingDigitGetsAnUnderscoreBeforeIt) {
    EXPECT_EQ(bus_safe_name("389-ds"), "_389_ds");
    EXPECT_EQ(bus_safe_name("9"), "_9");
}

TEST(BusSafeNameTest, ACharacterOfSeveralBytesBecomesOneUnderscore) {
    EXPECT_EQ(bus_safe_name("günlük"), "g_nl_k");
    EXPECT_EQ(bus_safe_name("日本"), "__");
    EXPECT_EQ(bus_safe_name("😀x"), "_x");
}

TEST(BusSafeNameTest, BytesThatAreNotUtf8NeverVanishCompletely) {
    EXPECT_EQ(bus_safe_name("\x80\x80"), "_");
    EXPECT_EQ(bus_safe_name("\xff"), "_");
    EXPECT_EQ(bus_safe_name("a\xc3"), "a_");
    EXPECT_EQ(bus_safe_name("a\xc3z"), "a_z");
}

TEST(BusSafeNameTest, AnEmptyNameStaysEmpty) { EXPECT_EQ(bus_safe_name(""), ""); }

TEST(BusSafeNameTest, MakingANameSafeTwiceChangesNothing) {
    for (const char* name : {"my-app", "389-ds", "günlük", "a/b", "_"})
        EXPECT_EQ(bus_safe_name(bus_safe_name(name)), bus_safe_name(name)) << name;
}

}  // namespace
}  // namespace comar
