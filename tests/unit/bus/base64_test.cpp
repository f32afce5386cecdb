// SPDX-License-Identifier: MIT
#include "bus/base64.h"

#include <string>

#include <gtest/gtest.h>

namespace comar::bus {
namespace {

TEST(Base64Test, DecodesTheVectorsOfItsStandard) {  // RFC 4648, section 10
    EXPECT_EQ(decode_base64(""), "");
    EXPECT_EQ(decode_base64("Zg=="), "f");
    EXPECT_EQ(decode_base64("Zm8="), "fo");
    EXPECT_EQ(decode_base64("Zm9v"), "foo");
    EXPECT_EQ(decode_base64("Zm9vYg=="), "foob");
    EXPECT_EQ(decode_base64("Zm9vYmE="), "fooba");
    EXPECT_EQ(decode_base64("Zm9vYmFy"), "foobar");
}

TEST(Base64Test, DecodesEveryByte) {
    EXPECT_EQ(decode_base64("AP/+gA=="), std::string("\x00\xFF\xFE\x80", 4));
}

TEST(Base64Test, RefusesAllElse) {
    for (const char* text :
         {"Z", "Zg", "Zg=", "Zg===", "====", "=Zg=", "Z===", "Zm9v\n", "Zm-_", "Zm=v", "Zg==Zg=="})
        EXPECT_EQ(decode_base64(text), std::nullopt) << text;
}

}  // namespace
}  // namespace comar::bus
