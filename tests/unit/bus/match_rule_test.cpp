// SPDX-License-Identifier: MIT
#include "bus/match_rule.h"

#include <gtest/gtest.h>

namespace comar::bus {
namespace {

bool covers(const char* rule) { return MatchRule(rule).covers("a.b.C", "Changed"); }

TEST(MatchRuleTest, InterfaceAndMemberDecide) {
    EXPECT_TRUE(covers("type='signal',interface='a.b.C'"));
    EXPECT_TRUE(covers("type='signal',sender='x.y',path='/z',interface='a.b.C',member='Changed'"));
    EXPECT_TRUE(covers("member='Changed'"));
    EXPECT_FALSE(covers("type='signal',interface='a.b.D'"));
    EXPECT_FALSE(covers("type='signal',interface='a.b.C',member='Progress'"));
    EXPECT_FALSE(covers("member='Progress',interface='a.b.C'"));
}

TEST(MatchRuleTest, WhatElseARuleAsksForIsForTheClientToSortOut) {
    EXPECT_TRUE(covers(""));
    EXPECT_TRUE(covers("type='signal'"));
    EXPECT_TRUE(covers("type='signal',path_namespace='/z',arg0='interface'"));
}

TEST(MatchRuleTest, WhatCannotBeReadAsksForAll) {
    for (const char* rule :
         {"interface", "interface=", "interface='x", "interface=x", "interface='x'y",
          "arg0='it'\\''s',interface='x'", ",,,", "='", "'='", "interface ='x'"}) {
        EXPECT_TRUE(covers(rule)) << rule;
    }
}

}  // namespace
}  // namespace comar::bus
