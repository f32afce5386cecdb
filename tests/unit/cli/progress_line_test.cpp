// SPDX-License-Identifier: MIT
#include "cli/progress_line.h"

#include <gtest/gtest.h>

namespace comar::cli {
namespace {

TEST(ProgressLineTest, TellsHowFarItIsAndWhatTakesLongest) {
    EXPECT_EQ(describe_progress(R"({"kind": "boot", "total": 40, "over": 12, "failed": 1,
                  "in_flight": [{"app": "web", "for": 300000}, {"app": "db", "for": 1240000}]})"),
              "boot: 12 of 40, 1 failed; db 1.2 s, web 0.3 s");
}

TEST(ProgressLineTest, OfManyInFlightTheOldestAreNamed) {
    EXPECT_EQ(describe_progress(R"({"kind": "boot", "total": 9, "over": 0, "in_flight": [
                  {"app": "a", "for": 100000}, {"app": "b", "for": 200000}, {"app": "c", "for": 300000},
                  {"app": "d", "for": 400000}, {"app": "e", "for": 500000}]})"),
              "boot: 0 of 9; e 0.5 s, d 0.4 s, c 0.3 s, b 0.2 s and 1 more");
}

TEST(ProgressLineTest, NothingGoesOnAndNonsenseAreNothing) {
    EXPECT_EQ(describe_progress("{}"), "");
    EXPECT_EQ(describe_progress("nonsense"), "");
    EXPECT_EQ(describe_progress("[]"), "");
}

TEST(ProgressLineTest, ControlCharactersDoNotReachTheTerminal) {
    EXPECT_EQ(
        describe_progress(
            R"({"kind": "boot", "total": 1, "over": 0, "in_flight": [{"app": "a\u001b[2J", "for": 0}]})")
            .find('\x1b'),
        std::string::npos);
}

}  // namespace
}  // namespace comar::cli
