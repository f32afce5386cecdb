// SPDX-License-Identifier: MIT
#include "cli/table.h"

#include <gtest/gtest.h>

namespace comar::cli {
namespace {

using Rows = std::vector<std::vector<Cell>>;

const std::vector<Column> columns_of_list{{"NAME"}, {"STATE"}, {"DESCRIPTION", true}};

std::string plain(const Rows& rows, std::optional<std::size_t> width = std::nullopt) {
    return render_table(columns_of_list, rows, {.colored = false, .width = width});
}

TEST(TableTest, ColumnsAreAsWideAsTheirWidestCell) {
    EXPECT_EQ(plain({{{"nginx"}, {"on"}, {"Web server"}}, {{"a"}, {"conditional"}, {"X"}}}),
              "NAME   STATE        DESCRIPTION\n"
              "nginx  on           Web server\n"
              "a      conditional  X\n");
}

TEST(TableTest, AlignsByColumnsOfTheTerminalAndNotByBytes) {
    EXPECT_EQ(plain({{{"yazıcı"}, {"on"}, {"Yazıcı"}}, {{"日本"}, {"off"}, {"D"}}}),
              "NAME    STATE  DESCRIPTION\n"
              "yazıcı  on     Yazıcı\n"
              "日本    off    D\n");
}

TEST(TableTest, LinesEndWithoutSpaces) {
    EXPECT_EQ(plain({{{"a"}, {""}, {""}}, {{"b"}, {""}, {"x"}}}),
              "NAME  STATE  DESCRIPTION\n"
              "a\n"
              "b            x\n");
}

TEST(TableTest, OnlyTheDescriptionGivesWayToANarrowTerminal) {
    EXPECT_EQ(plain({{{"nginx"}, {"on"}, {"The web server of the house"}}}, 30),
              "NAME   STATE  DESCRIPTION\n"
              "nginx  on     The web server …\n");
}

TEST(TableTest, EveryLineFitsTheTerminalExactlyOrLess) {
    const Rows rows{{{"nginx"}, {"on"}, {"日本語日本語日本語"}},
                    {{"a"}, {"off"}, {"Yazıcı ve tarayıcı"}}};
    const std::string table = plain(rows, 24);
    EXPECT_EQ(table,
              "NAME   STATE  DESCRIPTI…\n"
              "nginx  on     日本語日…\n"
              "a      off    Yazıcı ve…\n");
}

TEST(TableTest, ATerminalThatIsTooNarrowForAllLeavesTheOtherColumnsWhole) {
    EXPECT_EQ(plain({{{"long-name"}, {"conditional"}, {"Words"}}}, 5),
              "NAME       STATE        …\n"
              "long-name  conditional  …\n");
}

TEST(TableTest, ATableThatFitsIsNotShortened) {
    EXPECT_EQ(plain({{{"a"}, {"on"}, {"Words"}}}, 24),
              "NAME  STATE  DESCRIPTION\n"
              "a     on     Words\n");
}

TEST(TableTest, HostileTextIsEscapedBeforeItIsMeasured) {
    EXPECT_EQ(plain({{{"a\n"}, {"on"}, {"\033[2Jx"}}, {{"bc"}, {"on"}, {"y"}}}),
              "NAME  STATE  DESCRIPTION\n"
              "a\\n   on     \\x1b[2Jx\n"
              "bc    on     y\n");
}

TEST(TableTest, ColorDoesNotShiftColumns) {
    EXPECT_EQ(render_table({{"NAME"}, {"STATE"}, {"X"}}, {{{"a"}, {"on", Color::green}, {"y"}}},
                           {.colored = true, .width = {}}),
              "\033[1mNAME\033[0m  \033[1mSTATE\033[0m  \033[1mX\033[0m\n"
              "a     \033[32mon\033[0m     y\n");
}

TEST(TableTest, ATableWithoutRowsHasItsTitles) {
    EXPECT_EQ(plain({}), "NAME  STATE  DESCRIPTION\n");
}

}  // namespace
}  // namespace comar::cli
