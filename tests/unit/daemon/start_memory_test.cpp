// SPDX-License-Identifier: MIT
#include "daemon/start_memory.h"

#include <gtest/gtest.h>

#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

using namespace std::chrono_literals;
using test::TemporaryFolder;

class StartMemoryTest : public ::testing::Test {
protected:
    StartMemory memory() { return {*loop_, path_}; }

    Result<Loop> loop_ = Loop::create();
    TemporaryFolder folder_;
    std::string path_ = folder_.path() + "/starts.json";
};

TEST_F(StartMemoryTest, WhatWasLearnedIsKnownAgain) {
    StartMemory first = memory();
    ASSERT_TRUE(first.load());
    first.took("web", 100ms);
    first.took("web", 300ms);
    first.asked("web", "db");
    first.asked("web", "logger");
    ASSERT_TRUE(first.save());
    StartMemory second = memory();
    ASSERT_TRUE(second.load());
    EXPECT_EQ(second.expected("web"), 200ms);
    EXPECT_EQ(second.asked_by("web"), (std::set<std::string>{"db", "logger"}));
    EXPECT_EQ(second.expected("other"), 0ms);
    EXPECT_TRUE(second.asked_by("other").empty());
}

TEST_F(StartMemoryTest, WhoIsForgottenIsForgotten) {
    StartMemory one = memory();
    one.asked("web", "db");
    one.forget("web");
    ASSERT_TRUE(one.save());
    StartMemory again = memory();
    ASSERT_TRUE(again.load());
    EXPECT_TRUE(again.asked_by("web").empty());
}

TEST_F(StartMemoryTest, WhatIsNewIsWrittenAtOnce) {
    StartMemory one = memory();
    one.asked("web", "db");
    StartMemory next = memory();
    ASSERT_TRUE(next.load());
    EXPECT_EQ(next.asked_by("web"), (std::set<std::string>{"db"}));
}

TEST_F(StartMemoryTest, WhatIsNotAskedForAnyMoreIsForgottenAndTheTimeIsNot) {
    StartMemory one = memory();
    one.took("web", 100ms);
    for (const char* other : {"db", "logger"}) one.asked("web", other);
    EXPECT_FALSE(one.asked_only("web", {"db", "logger", "more"}));
    EXPECT_TRUE(one.asked_only("web", {"logger", "more"}));
    EXPECT_FALSE(one.asked_only("other", {}));
    ASSERT_TRUE(one.save());
    StartMemory again = memory();
    ASSERT_TRUE(again.load());
    EXPECT_EQ(again.asked_by("web"), (std::set<std::string>{"logger"}));
    EXPECT_EQ(again.expected("web"), 100ms);
}

TEST_F(StartMemoryTest, ADamagedFileIsToldAndCountsAsNone) {
    for (const char* text : {"", "{", "[]", R"({"version": 1, "services": {"a": {"ms": "x"}}})",
                             R"({"version": 1, "services": {"a": {"ms": 1, "asked": [2]}}})"}) {
        folder_.write("starts.json", text);
        StartMemory one = memory();
        const auto loaded = one.load();
        ASSERT_FALSE(loaded) << text;
        EXPECT_NE(loaded.error().message.find(path_), std::string::npos);
        EXPECT_EQ(one.expected("a"), 0ms);
    }
}

TEST_F(StartMemoryTest, ItIsBounded) {
    StartMemory one = memory();
    for (int i = 0; i < 1000; ++i) one.asked("web", "other" + std::to_string(i));
    EXPECT_EQ(one.asked_by("web").size(), 64U);
}

}  // namespace
}  // namespace comar
