// SPDX-License-Identifier: MIT
#include "daemon/boot_record.h"

#include <gtest/gtest.h>

#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

using test::TemporaryFolder;

BootRecord record(const std::string& id) {
    BootRecord one;
    one.id = id;
    one.kind = "boot";
    one.services["web"] = {"start", {"db"}, 1, 2, 3, "succeeded", ""};
    return one;
}

TEST(BootRecordsTest, TheLastTenAreKept) {
    const TemporaryFolder folder;
    const BootRecords records(folder.path());
    std::vector<std::string> ids;
    for (int minute = 10; minute < 22; ++minute) {
        ids.push_back("2026-11-27T04:" + std::to_string(minute) + ":00.000000Z");
        ASSERT_TRUE(records.keep(record(ids.back())));
    }
    EXPECT_EQ(records.ids(), std::vector<std::string>(ids.begin() + 2, ids.end()));
    const auto text = records.text(ids.back());
    ASSERT_TRUE(text);
    const auto read = nlohmann::json::parse(*text);
    EXPECT_EQ(read["services"]["web"]["after"], nlohmann::json::array({"db"}));
    EXPECT_EQ(read["services"]["web"]["ended"], 3);
    EXPECT_FALSE(records.text(ids.front()));
}

TEST(BootRecordsTest, NoNameLeadsOutOfTheFolder) {
    const TemporaryFolder folder;
    folder.write("secret.json", "{}");
    const BootRecords records(folder.path() + "/boots");
    for (const char* id : {"", ".", "..", "../secret", "secret", "/etc/passwd", ".hidden"}) {
        const auto text = records.text(id);
        ASSERT_FALSE(text) << id;
        EXPECT_EQ(text.error().kind, ErrorKind::not_found) << id;
    }
}

}  // namespace
}  // namespace comar
