// SPDX-License-Identifier: MIT
#include "cli/exit_code.h"

#include <gtest/gtest.h>

namespace comar::cli {
namespace {

int number(ExitCode code) { return static_cast<int>(code); }

TEST(ExitCodeTest, NumbersAreThoseOfInitScripts) {
    EXPECT_EQ(number(ExitCode::ok), 0);
    EXPECT_EQ(number(ExitCode::failed), 1);
    EXPECT_EQ(number(ExitCode::bad_usage), 2);
    EXPECT_EQ(number(ExitCode::unimplemented), 3);
    EXPECT_EQ(number(ExitCode::not_authorized), 4);
    EXPECT_EQ(number(ExitCode::not_installed), 5);
    EXPECT_EQ(number(ExitCode::not_running), 7);
    EXPECT_EQ(number(ExitCode::status_not_running), 3);
    EXPECT_EQ(number(ExitCode::status_unknown), 4);
}

TEST(ExitCodeTest, ServicesThatFailInOneWayKeepItsCode) {
    EXPECT_EQ(combined(ExitCode::ok, ExitCode::ok), ExitCode::ok);
    EXPECT_EQ(combined(ExitCode::ok, ExitCode::not_installed), ExitCode::not_installed);
    EXPECT_EQ(combined(ExitCode::not_installed, ExitCode::ok), ExitCode::not_installed);
    EXPECT_EQ(combined(ExitCode::not_installed, ExitCode::not_installed), ExitCode::not_installed);
}

TEST(ExitCodeTest, ServicesThatFailInDifferentWaysHaveFailed) {
    EXPECT_EQ(combined(ExitCode::not_installed, ExitCode::unimplemented), ExitCode::failed);
    EXPECT_EQ(combined(ExitCode::failed, ExitCode::not_running), ExitCode::failed);
}

TEST(ExitCodeTest, TheWorstStatusCounts) {
    EXPECT_EQ(worse(ExitCode::ok, ExitCode::status_not_running), ExitCode::status_not_running);
    EXPECT_EQ(worse(ExitCode::status_unknown, ExitCode::status_not_running),
              ExitCode::status_unknown);
    EXPECT_EQ(worse(ExitCode::ok, ExitCode::ok), ExitCode::ok);
}

}  // namespace
}  // namespace comar::cli
