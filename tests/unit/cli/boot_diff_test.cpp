// SPDX-License-Identifier: MIT
#include "cli/boot_diff.h"

#include "unit/cli/boots.h"

namespace comar::cli {
namespace {

const std::vector<MadeService> earlier{{"db", {}, 0, 10, 1000},
                                       {"net", {}, 0, 10, 300},
                                       {"same", {}, 0, 10, 20},
                                       {"old", {}, 0, 10, 70},
                                       {"breaks", {}, 0, 10, 90}};
const std::vector<MadeService> later{{"db", {}, 0, 10, 1500},
                                     {"net", {}, 0, 10, 100},
                                     {"same", {}, 5, 10, 25},
                                     {"new", {}, 0, 10, 250},
                                     {"old", {}, -1, -1, -1, "skipped"},
                                     {"breaks", {}, 0, 10, 90, "failed"}};

TEST(BootDiffTest, TheLargestDifferenceComesFirst) {
    std::string found;
    for (const auto& service : compare_boots(made_boot(earlier), made_boot(later)))
        found += fmt::format("{} {} {}\n", service.name, name_of(service.change),
                             service.difference.count());
    EXPECT_EQ(found,
              "db slower 500000\n"
              "new new 250000\n"
              "net faster -200000\n"
              "old gone -70000\n"
              "breaks same 0\n"
              "same same 0\n");
}

TEST(BootDiffTest, TheTableShowsWhatDiffersOnly) {
    EXPECT_EQ(diff_text(made_boot(earlier, 1000), made_boot(later, 1500), {}),
              "before: 2026-11-27T04:30:00.123456Z  1.000 s\n"
              "after:  2026-11-27T04:30:00.123456Z  1.500 s  (500 ms slower)\n"
              "\n"
              "NAME    IS      DIFFERENCE  BEFORE   AFTER    FATE\n"
              "db      slower  +500 ms     1.000 s  1.500 s\n"
              "new     new     +250 ms              250 ms\n"
              "net     faster  -200 ms     300 ms   100 ms\n"
              "old     gone    -70 ms      70 ms\n"
              "breaks  same    +0.0 ms     90 ms    90 ms    succeeded, then failed\n");
}

TEST(BootDiffTest, LessThanAMillisecondIsNoDifference) {
    BootRecord before = made_boot({{"db", {}, 0, 10, 100}}, 100);
    BootRecord after = before;
    after.services[0].ended = *after.services[0].ended + Span(999);
    EXPECT_EQ(compare_boots(before, after)[0].change, Change::same);
    EXPECT_TRUE(diff_text(before, after, {}).ends_with("(no difference)\nno service differs\n"));
}

TEST(BootDiffTest, BootsWithoutServicesHaveNoDifference) {
    EXPECT_TRUE(compare_boots(made_boot({}), made_boot({})).empty());
}

}  // namespace
}  // namespace comar::cli
