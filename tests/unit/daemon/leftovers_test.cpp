// SPDX-License-Identifier: MIT
#include "daemon/leftovers.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace comar {
namespace {

using Names = std::vector<std::string>;

TEST(Leftovers, AreDescribedByNumberAndNames) {
    EXPECT_EQ(describe(Names{"312 (worker)"}), "process 312 (worker)");
    EXPECT_EQ(describe(Names{"312 (worker)", "7 (x)"}), "2 processes: 312 (worker), 7 (x)");
    EXPECT_EQ(describe(Names{"1 (a)", "2 (b)", "3 (c)", "4 (d)", "5 (e)"}),
              "5 processes: 1 (a), 2 (b), 3 (c), 4 (d), 5 (e)");
}

TEST(Leftovers, OfManyTheFirstAreNamedAndAllAreCounted) {
    EXPECT_EQ(describe(Names{"1 (a)", "2 (b)", "3 (c)", "4 (d)", "5 (e)", "6 (f)"}),
              "6 processes: 1 (a), 2 (b), 3 (c), 4 (d), 5 (e), ...");
    EXPECT_TRUE(describe(Names(300, "1 (a)")).starts_with("300 processes: "));
}

}  // namespace
}  // namespace comar
