// SPDX-License-Identifier: MIT
#include "cli/boot_record.h"

#include "unit/cli/boots.h"

namespace comar::cli {
namespace {

using namespace std::chrono_literals;

TEST(BootRecordTest, ARecordIsReadWhole) {
    const auto record = read_boot_record(boot_text(
        {{"web", {"db", "net"}, 300, 350, 500}, {"db", {}, 0, 100, 300, "failed", "no disk"}},
        600));
    ASSERT_TRUE(record) << record.error().message;
    EXPECT_EQ(record->id, "2026-11-27T04:30:00.123456Z");
    EXPECT_EQ(record->kind, "boot");
    EXPECT_EQ(record->group, "default");
    EXPECT_EQ(record->duration, 600ms);
    EXPECT_EQ(record->since_kernel, 3210ms);
    ASSERT_EQ(record->services.size(), 2U);
    const ServiceTimes* web = find_service(*record, "web");
    ASSERT_NE(web, nullptr);
    EXPECT_EQ(web->after, (std::vector<std::string>{"db", "net"}));
    EXPECT_EQ(web->began, 300ms);
    EXPECT_EQ(web->returned, 350ms);
    EXPECT_EQ(own_time(*record, *web), 200ms);
    EXPECT_FALSE(has_failed(*web));
    EXPECT_TRUE(has_failed(*find_service(*record, "db")));
    EXPECT_EQ(find_service(*record, "db")->error, "no disk");
    EXPECT_EQ(find_service(*record, "mail"), nullptr);
}

TEST(BootRecordTest, WhatIsNoRecordIsRefusedWithAReason) {
    for (const char* text : {"", "{", "[]", "null", R"({"version": 1, "services": []})", "{}"})
        EXPECT_FALSE(read_boot_record(text)) << text;
    EXPECT_EQ(read_boot_record(R"({"version": 2})").error().message,
              "cannot read the record of a boot: it has version 2, and this comar knows 1");
}

TEST(BootRecordTest, TimesThatMakeNoSenseAreNotKnown) {
    const auto record = read_boot_record(
        R"({"version": 1, "id": 7, "duration": -1, "services": {
            "back": {"began": 50, "returned": 40, "ended": 30, "fate": "failed"},
            "huge": {"began": 1, "ended": 9223372036854775807},
            "odd": {"began": "1", "ended": 1.5, "after": ["x", 1]},
            "none": null}})");
    ASSERT_TRUE(record);
    EXPECT_EQ(record->id, "");
    EXPECT_EQ(record->duration, 50us);
    const ServiceTimes* back = find_service(*record, "back");
    EXPECT_EQ(back->began, 50us);
    EXPECT_FALSE(back->returned || back->ended);
    EXPECT_FALSE(find_service(*record, "huge")->ended);
    EXPECT_FALSE(find_service(*record, "odd")->began);
    EXPECT_EQ(find_service(*record, "odd")->after, std::vector<std::string>{"x"});
}

TEST(BootRecordTest, WhatWasInFlightEndsWithTheBootAndWhatWaitedHadNoTurn) {
    const BootRecord record = made_boot({{"hangs", {}, 100, -1, -1, "in flight"},
                                         {"late", {}, 200, 300, -1, "late"},
                                         {"waits", {"hangs"}, -1, -1, -1, "waiting"},
                                         {"skipped", {}, -1, -1, -1, "skipped"}},
                                        1000);
    EXPECT_EQ(own_time(record, *find_service(record, "hangs")), 900ms);
    EXPECT_EQ(own_time(record, *find_service(record, "late")), 800ms);
    EXPECT_FALSE(own_time(record, *find_service(record, "waits")));
    EXPECT_FALSE(own_time(record, *find_service(record, "skipped")));
}

TEST(BootRecordTest, TheSlowestComesFirst) {
    const BootRecord record = made_boot({{"a", {}, 0, 1, 10},
                                         {"b", {"a"}, 10, 20, 500},
                                         {"c", {}, 0, 1, 10},
                                         {"d", {}, -1, -1, -1, "skipped"}});
    std::vector<std::string> names;
    for (const ServiceTimes* service : slowest_first(record)) names.push_back(service->name);
    EXPECT_EQ(names, (std::vector<std::string>{"b", "a", "c"}));
}

TEST(BootRecordTest, SpansAreFineEnoughToCompare) {
    EXPECT_EQ(exact_span(0us), "0.0 ms");
    EXPECT_EQ(exact_span(340us), "0.3 ms");
    EXPECT_EQ(exact_span(12345us), "12 ms");
    EXPECT_EQ(exact_span(999499us), "999 ms");
    EXPECT_EQ(exact_span(999500us), "1.000 s");
    EXPECT_EQ(exact_span(1234567us), "1.235 s");
    EXPECT_EQ(exact_span(59999500us), "1 min 0.000 s");
    EXPECT_EQ(exact_span(123456000us), "2 min 3.456 s");
}

}  // namespace
}  // namespace comar::cli
