// SPDX-License-Identifier: MIT
#include "daemon/json_text.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace comar {
namespace {

using nlohmann::json;

TEST(JsonTextTest, WhatIsAddedIsReadAgain) {
    JsonText text;
    text.add("word", "plain");
    text.add("hard", std::string("quote \" slash \\ line\n tab\t ğ ") + '\x7f');
    text.add("negative", std::int64_t{-7});
    text.add("large", ~std::uint64_t{0});
    text.add("yes", true);
    text.add("no", false);
    text.add_json("list", "[1,[2]]");
    text.add("texts", std::vector<std::string>{"a", "\"b\""});
    text.add("none", std::vector<std::string>());
    const json read = json::parse(std::move(text).text());
    EXPECT_EQ(read, (json{{"word", "plain"},
                          {"hard", "quote \" slash \\ line\n tab\t ğ \x7f"},
                          {"negative", -7},
                          {"large", ~std::uint64_t{0}},
                          {"yes", true},
                          {"no", false},
                          {"list", {1, {2}}},
                          {"texts", {"a", "\"b\""}},
                          {"none", json::array()}}));
}

TEST(JsonTextTest, WithNothingItIsAnEmptyObject) { EXPECT_EQ(JsonText().text(), "{}"); }

TEST(JsonTextTest, WhatIsNoUtf8IsReplaced) {
    JsonText text;
    text.add("name", "a\xff");
    EXPECT_EQ(json::parse(std::move(text).text())["name"], "a\xEF\xBF\xBD");
}

}  // namespace
}  // namespace comar
