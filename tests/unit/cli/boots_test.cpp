// SPDX-License-Identifier: MIT
#include "cli/boots.h"

#include <gtest/gtest.h>

namespace comar::cli {
namespace {

const std::vector<std::string> ids{"2026-11-25T04:30:00.1Z", "2026-11-27T04:30:00.1Z",
                                   "2026-11-27T05:30:00.1Z"};

TEST(BootsTest, ABootIsANumberCountedBackOrTheBeginningOfAnId) {
    EXPECT_EQ(choose_boot(ids, "0"), 2U);
    EXPECT_EQ(choose_boot(ids, "1"), 1U);
    EXPECT_EQ(choose_boot(ids, "-2"), 0U);
    EXPECT_EQ(choose_boot(ids, "2026-11-27T05"), 2U);
    EXPECT_EQ(choose_boot(ids, ids[1]), 1U);
}

TEST(BootsTest, WhatMeansNoneOrSeveralIsRefused) {
    EXPECT_EQ(choose_boot(ids, "3").error().message, "cannot find boot '3'");
    EXPECT_EQ(choose_boot(ids, "2025-").error().message, "cannot find boot '2025-'");
    EXPECT_EQ(choose_boot(ids, "2026-11-27").error().message,
              "cannot tell which boot is meant by '2026-11-27'");
    EXPECT_FALSE(choose_boot({}, "0"));
    EXPECT_FALSE(choose_boot(ids, "99999999999999999999999"));
}

}  // namespace
}  // namespace comar::cli
