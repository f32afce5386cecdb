// SPDX-License-Identifier: MIT
#include "cli/critical_chain.h"

#include "unit/cli/boots.h"

namespace comar::cli {
namespace {

std::string chain_of(const BootRecord& record, std::string_view name = "") {
    return chain_text(record, critical_chain(record, name), {});
}

TEST(CriticalChainTest, ItGoesBackOverTheOneThatEndedLast) {
    const BootRecord record = made_boot({{"logger", {}, 0, 50, 100},
                                         {"net", {}, 0, 200, 250},
                                         {"db", {"logger", "net"}, 250, 300, 1250},
                                         {"cache", {"net"}, 250, 260, 270},
                                         {"web", {"cache", "db"}, 1250, 1300, 1400}});
    EXPECT_EQ(chain_of(record),
              "web @1.250 s +150 ms\n"
              "└─db @250 ms +1.000 s\n"
              "  └─net @0.0 ms +250 ms\n");
    EXPECT_EQ(chain_of(record, "cache"),
              "cache @250 ms +20 ms\n"
              "└─net @0.0 ms +250 ms\n");
}

TEST(CriticalChainTest, WhatDidNotSucceedIsTold) {
    const BootRecord record = made_boot(
        {{"net", {}, 0, 10, 20, "failed"}, {"web", {"net"}, 20, -1, -1, "in flight"}}, 500);
    EXPECT_EQ(chain_of(record),
              "web @20 ms +480 ms in flight\n"
              "└─net @0.0 ms +20 ms failed\n");
    EXPECT_NE(chain_text(record, critical_chain(record, "net"), {.colored = true, .width = {}})
                  .find("\033[31mnet\033[0m"),
              std::string::npos);
}

TEST(CriticalChainTest, WhatHadNoTurnIsNoPartOfIt) {
    const BootRecord record =
        made_boot({{"skipped", {}, -1, -1, -1, "skipped"}, {"web", {"skipped", "gone"}, 0, 1, 20}});
    EXPECT_EQ(chain_of(record), "web @0.0 ms +20 ms\n");
    EXPECT_EQ(chain_of(record, "skipped"), "");
    EXPECT_EQ(chain_of(record, "nobody"), "");
    EXPECT_EQ(chain_of(made_boot({})), "");
}

TEST(CriticalChainTest, ACircleEnds) {
    const BootRecord record =
        made_boot({{"a", {"b"}, 0, 1, 20}, {"b", {"a"}, 0, 1, 10}, {"c", {"c"}, 0, 1, 5}});
    EXPECT_EQ(critical_chain(record, "").size(), 2U);
    EXPECT_EQ(critical_chain(record, "c").size(), 1U);
}

TEST(CriticalChainTest, NamesAreHarmlessForATerminal) {
    EXPECT_EQ(chain_of(made_boot({{"a\033[2J\n", {}, 0, 1, 20}})), "a\\x1b[2J\\n @0.0 ms +20 ms\n");
}

}  // namespace
}  // namespace comar::cli
