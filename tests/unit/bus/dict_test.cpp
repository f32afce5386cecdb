// SPDX-License-Identifier: MIT
#include "bus/dict.h"

#include <gtest/gtest.h>

namespace comar::bus {
namespace {

TEST(DictTest, WhatIsPutThereIsFoundAndFitsADict) {
    Json dict = empty_dict();
    EXPECT_TRUE(fits("a{si}", Json::array({dict}), {"m"}));
    put(dict, "one", 1);
    put(dict, "two", 2);
    EXPECT_EQ(value_of(dict, "two"), 2);
    EXPECT_EQ(value_of(dict, "three"), nullptr);
    EXPECT_TRUE(fits("a{si}", Json::array({dict}), {"m"}));
}

}  // namespace
}  // namespace comar::bus
