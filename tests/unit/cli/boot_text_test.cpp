// SPDX-License-Identifier: MIT
#include "cli/boot_text.h"

#include "unit/cli/boots.h"

namespace comar::cli {
namespace {

const std::vector<MadeService> services{{"db", {}, 0, 100, 300},
                                        {"web", {"db"}, 300, 350, 1500, "failed", "no\nport"},
                                        {"off", {}, -1, -1, -1, "skipped"}};

TEST(BootTextTest, TimeTellsWhereTheBootSpentIt) {
    EXPECT_EQ(time_text(made_boot(services, 1500), {}),
              "       Which: boot of group default, 2026-11-27T04:30:00.123456Z\n"
              "      Kernel: 3.210 s for it and what came before services\n"
              "    Services: 1.500 s\n"
              "    Planning: 2.0 ms\n"
              "    Together: 4.710 s\n"
              "       Fates: 1 succeeded, 1 failed, 1 skipped\n"
              "     Slowest: web 1.200 s\n"
              "              db 300 ms\n"
              "      Failed: web: no\\nport\n");
}

TEST(BootTextTest, ASwitchIsNotAddedToTheTimeOfTheKernel) {
    const auto record = read_boot_record(boot_text({}, 100, "x", "switch"));
    ASSERT_TRUE(record);
    EXPECT_EQ(time_text(*record, {}),
              "       Which: switch of group default, x\n"
              "       Began: 3.210 s after the kernel\n"
              "    Services: 100 ms\n"
              "    Planning: 2.0 ms\n"
              "       Fates: none\n");
}

TEST(BootTextTest, OnlyTheFiveSlowestAreTold) {
    const auto text = time_text(made_boot(made_services(40)), {});
    EXPECT_EQ(std::ranges::count(text, '\n'), 6 + 5);
}

TEST(BootTextTest, BlameIsATableOfTimes) {
    EXPECT_EQ(blame_text(made_boot(services, 1500), {}),
              "TIME     NAME  FATE\n"
              "1.200 s  web   failed\n"
              "300 ms   db\n");
}

TEST(BootTextTest, BootsAreCountedBackFromTheLast) {
    const auto one = read_boot_record(boot_text(services, 1500, "first"));
    const auto two = read_boot_record(boot_text({}, 20, "second", "shutdown"));
    ASSERT_TRUE(one && two);
    EXPECT_EQ(boots_text({*one, *two}, {}),
              "N   ID      KIND      GROUP    DURATION  SERVICES  FAILED\n"
              "-1  first   boot      default  1.500 s   3         1\n"
              "0   second  shutdown  default  20 ms     0         0\n");
}

TEST(BootTextTest, JsonHasEveryTimeInMicrosecondsOrNull) {
    const BootRecord record = made_boot(services, 1500);
    const auto time = time_json(record);
    EXPECT_EQ(time["since_kernel_microseconds"], 3210000);
    EXPECT_EQ(time["duration_microseconds"], 1500000);
    EXPECT_EQ(time["planning_microseconds"], 2000);
    EXPECT_EQ(time["failed"], 1);
    EXPECT_EQ(time["failures"][0]["error"], "no\nport");
    EXPECT_EQ(services_json(record, {find_service(record, "off")}).dump(),
              R"([{"name":"off","began_microseconds":null,"microseconds":null,)"
              R"("fate":"skipped","error":null}])");
    const auto diff = diff_json(record, record);
    EXPECT_EQ(diff["difference_microseconds"], 0);
    EXPECT_EQ(diff["services"][0]["change"], "same");
}

}  // namespace
}  // namespace comar::cli
