// SPDX-License-Identifier: MIT
#include "core/startup_state.h"

#include <gtest/gtest.h>

#include "support/print.h"

namespace comar {
namespace {

struct Cell {
    StartUp start_up;
    std::optional<bool> running;
    std::string_view word;
};

/// The table of SPEC 1, cell by cell.
constexpr std::array<Cell, 9> state_table{{
    {StartUp::on, true, "on"},
    {StartUp::on, false, "stopped"},
    {StartUp::on, std::nullopt, "on"},
    {StartUp::off, true, "started"},
    {StartUp::off, false, "off"},
    {StartUp::off, std::nullopt, "off"},
    {StartUp::conditional, true, "conditional_started"},
    {StartUp::conditional, false, "conditional_stopped"},
    {StartUp::conditional, std::nullopt, "conditional"},
}};

TEST(StartUpStateTest, EveryCellOfTheStateTableIsReportedAsSpecified) {
    for (const Cell& cell : state_table) {
        EXPECT_EQ(reported_state(cell.start_up, cell.running), cell.word)
            << to_string(cell.start_up)
            << ", running: " << (cell.running ? (*cell.running ? "yes" : "no") : "not known");
    }
}

TEST(StartUpStateTest, EachStateIsReadBackFromItsOwnWord) {
    for (const StartUp state : all_start_ups) EXPECT_EQ(parse_start_up(to_string(state)), state);
}

TEST(StartUpStateTest, TheWordsAreThoseThatSetStateTakes) {
    EXPECT_EQ(to_string(StartUp::on), "on");
    EXPECT_EQ(to_string(StartUp::off), "off");
    EXPECT_EQ(to_string(StartUp::conditional), "conditional");
}

TEST(StartUpStateTest, AnyOtherWordIsNoStartUpState) {
    for (const std::string_view word :
         {"", "On", "ON", " on", "on ", "of", "offf", "enabled", "disabled", "started", "stopped",
          "conditional_started", "0", "true"}) {
        EXPECT_EQ(parse_start_up(word), std::nullopt) << '"' << word << '"';
    }
    EXPECT_EQ(parse_start_up(std::string_view("on\0", 3)), std::nullopt);
}

TEST(StartUpStateTest, EachStateIsRecordedInTheFolderThatMudurReads) {
    EXPECT_EQ(folder_of(StartUp::on), "enabled");
    EXPECT_EQ(folder_of(StartUp::off), "disabled");
    EXPECT_EQ(folder_of(StartUp::conditional), "conditional");
}

}  // namespace
}  // namespace comar
