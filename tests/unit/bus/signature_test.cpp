// SPDX-License-Identifier: MIT
#include "bus/signature.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace comar::bus {
namespace {

std::string repeated(int count, const std::string& text) {
    std::string result;
    for (int index = 0; index < count; ++index) result += text;
    return result;
}

using Types = std::vector<std::string>;

TEST(SignatureTest, SplitsIntoCompleteTypes) {
    EXPECT_EQ(split_signature("").value(), Types());
    EXPECT_EQ(split_signature("s").value(), Types({"s"}));
    EXPECT_EQ(split_signature("sa{sv}i(ub)aay").value(), Types({"s", "a{sv}", "i", "(ub)", "aay"}));
    EXPECT_EQ(split_signature("a(sssa{ss})").value(), Types({"a(sssa{ss})"}));
}

TEST(SignatureTest, RefusesWhatIsNone) {
    for (const char* text :
         {"z",   "a",     "aa",      "(",      ")",    "()",     "(s", "s)", "{ss}", "a{s}",
          "a{}", "a{vs}", "a{(s)s}", "a{asv}", "a{ss", "a{sss}", "sS", " s", "r",    "e"})
        EXPECT_FALSE(is_signature(text)) << text;
    EXPECT_FALSE(is_signature(std::string_view("s\0s", 3)));
}

TEST(SignatureTest, KeepsTheLimitsOfDBus) {
    EXPECT_TRUE(is_signature(repeated(255, "s")));
    EXPECT_FALSE(is_signature(repeated(256, "s")));
    EXPECT_TRUE(is_signature(repeated(32, "a") + "s"));
    EXPECT_FALSE(is_signature(repeated(33, "a") + "s"));
    EXPECT_TRUE(is_signature(repeated(32, "(") + "s" + repeated(32, ")")));
    EXPECT_FALSE(is_signature(repeated(33, "(") + "s" + repeated(33, ")")));
    EXPECT_FALSE(is_signature(repeated(100'000, "(")));
}

TEST(SignatureTest, ASingleTypeIsExactlyOne) {
    EXPECT_TRUE(is_single_type("a{sv}"));
    EXPECT_FALSE(is_single_type("ss"));
    EXPECT_FALSE(is_single_type(""));
}

TEST(SignatureTest, TheErrorShowsTheSignature) {
    EXPECT_EQ(split_signature("a{s").error().message,
              "cannot read the signature 'a{s': not a D-Bus signature");
}

TEST(SignatureTest, DescribesTypesForPeople) {
    EXPECT_EQ(describe_type("i"), "int32");
    EXPECT_EQ(describe_type("y"), "byte");
    EXPECT_EQ(describe_type("o"), "object path");
    EXPECT_EQ(describe_type("as"), "array of string");
    EXPECT_EQ(describe_type("aai"), "array of array of int32");
    EXPECT_EQ(describe_type("a{sv}"), "dict of string to variant");
    EXPECT_EQ(describe_type("(sb)"), "struct of (string, boolean)");
    EXPECT_EQ(describe_type("a(sa{ss})"), "array of struct of (string, dict of string to string)");
}

}  // namespace
}  // namespace comar::bus
