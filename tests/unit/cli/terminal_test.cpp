// SPDX-License-Identifier: MIT
#include "cli/terminal.h"

#include <gtest/gtest.h>

#include "unit/cli/variables.h"

namespace comar::cli {
namespace {

TEST(ColorTest, IsForTerminalsOnly) {
    EXPECT_TRUE(wants_color(environment({{"TERM", "xterm"}}), true));
    EXPECT_FALSE(wants_color(environment({{"TERM", "xterm"}}), false));
}

TEST(ColorTest, NoColorTurnsItOffUnlessItIsEmpty) {
    EXPECT_FALSE(wants_color(environment({{"NO_COLOR", "1"}}), true));
    EXPECT_TRUE(wants_color(environment({{"NO_COLOR", ""}}), true));
}

TEST(ColorTest, ClicolorForceTurnsItOnAnywhereUnlessItIsZero) {
    EXPECT_TRUE(wants_color(environment({{"CLICOLOR_FORCE", "1"}}), false));
    EXPECT_TRUE(wants_color(environment({{"CLICOLOR_FORCE", "1"}, {"TERM", "dumb"}}), false));
    EXPECT_FALSE(wants_color(environment({{"CLICOLOR_FORCE", "0"}}), false));
    EXPECT_FALSE(wants_color(environment({{"CLICOLOR_FORCE", ""}}), false));
}

TEST(ColorTest, NoColorIsStrongerThanClicolorForce) {
    EXPECT_FALSE(wants_color(environment({{"NO_COLOR", "1"}, {"CLICOLOR_FORCE", "1"}}), true));
}

TEST(ColorTest, DumbTerminalsAndClicolorZeroHaveNone) {
    EXPECT_FALSE(wants_color(environment({{"TERM", "dumb"}}), true));
    EXPECT_FALSE(wants_color(environment({{"CLICOLOR", "0"}}), true));
    EXPECT_TRUE(wants_color(environment({{"CLICOLOR", "1"}}), true));
}

TEST(ColumnsTest, TheVariableComesBeforeTheKernel) {
    EXPECT_EQ(columns(environment({{"COLUMNS", "60"}}), 80), 60U);
    EXPECT_EQ(columns(environment({{"COLUMNS", "60"}}), std::nullopt), 60U);
    EXPECT_EQ(columns(environment({}), 80), 80U);
    EXPECT_EQ(columns(environment({}), std::nullopt), std::nullopt);
}

TEST(ColumnsTest, AVariableThatIsNoNumberIsPassedOver) {
    for (const char* value : {"", "0", "-5", "80x", "wide", "99999999999999999999999"})
        EXPECT_EQ(columns(environment({{"COLUMNS", value}}), 80), 80U) << value;
}

TEST(ColoredTest, EndsWhatItBegins) {
    EXPECT_EQ(colored("on", Color::green), "\033[32mon\033[0m");
    EXPECT_EQ(colored("on", Color::red), "\033[31mon\033[0m");
    EXPECT_EQ(colored("on", Color::none), "on");
}

}  // namespace
}  // namespace comar::cli
