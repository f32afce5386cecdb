// SPDX-License-Identifier: MIT
#include "daemon/transition_journal.h"

#include <string>

#include <gtest/gtest.h>

#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

using test::TemporaryFolder;

class TransitionJournalTest : public testing::Test {
protected:
    [[nodiscard]] TransitionJournal::Files files() const {
        return {folder_.path() + "/transition", folder_.path() + "/course"};
    }
    static TransitionState some_boot() {
        TransitionState one;
        one.group = "office";
        one.record.emplace();
        one.record->id = "2026-11-27T04:10:00.000000Z";
        one.record->kind = "boot";
        one.record->group = "office";
        one.record->planning = 7;
        one.began = TimePoint(std::chrono::seconds(12));
        one.left_down = {"mail"};
        return one;
    }
    static BootRecord::Service service(const std::string& fate) {
        return {"start", {"db"}, 1, 2, 3, fate, ""};
    }

    TemporaryFolder folder_;
    TransitionJournal journal_{files()};
};

TEST_F(TransitionJournalTest, WhatWasNeverWrittenIsNotFound) {
    EXPECT_EQ(journal_.load().error().kind, ErrorKind::not_found);
}

TEST_F(TransitionJournalTest, AnotherOneKnowsHowFarABootIs) {
    journal_.begin();
    journal_.save(some_boot());
    journal_.add("web", service("in flight"));
    journal_.add("web", service("succeeded"));
    journal_.add("shop", service("in flight"));

    const auto read = TransitionJournal(files()).load();
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->group, "office");
    EXPECT_EQ(read->began, some_boot().began);
    EXPECT_EQ(read->left_down, some_boot().left_down);
    ASSERT_TRUE(read->record);
    nlohmann::json expected = to_json(*some_boot().record);
    expected["services"] = {{"web", to_json(service("succeeded"))},
                            {"shop", to_json(service("in flight"))}};
    EXPECT_EQ(to_json(*read->record), expected);
}

TEST_F(TransitionJournalTest, OneThatIsOverLeavesNothingToGoOnWith) {
    journal_.begin();
    journal_.save(some_boot());
    journal_.add("web", service("succeeded"));
    TransitionState over;
    over.group = "office";
    over.is_down = true;
    journal_.save(over);
    journal_.end();

    const auto read = TransitionJournal(files()).load();
    ASSERT_TRUE(read);
    EXPECT_FALSE(read->record);
    EXPECT_TRUE(read->is_down);
}

TEST_F(TransitionJournalTest, TheCourseOfAnEarlierOneIsNotThatOfTheNext) {
    journal_.begin();
    journal_.add("web", service("succeeded"));
    TransitionJournal next(files());
    next.begin();
    next.save(some_boot());
    EXPECT_TRUE(TransitionJournal(files()).load()->record->services.empty());
}

TEST_F(TransitionJournalTest, ADamagedCourseIsAsNone) {
    journal_.begin();
    journal_.save(some_boot());
    folder_.write("course", "comar-state 2 3 zzz\n{}\n" + std::string(100, 'x'));
    const auto read = TransitionJournal(files()).load();
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->record->services.empty());
}

TEST_F(TransitionJournalTest, WhatIsOfAnotherShapeHasNotHadItsTurn) {
    journal_.begin();
    journal_.save(some_boot());
    journal_.add("web", service("succeeded"));
    StateJournal other(files().course);
    ASSERT_TRUE(other.load());
    ASSERT_TRUE(other.put("shop", R"({"fate":"succeeded"})"));
    const auto read = TransitionJournal(files()).load();
    ASSERT_TRUE(read);
    EXPECT_EQ(read->record->services.size(), 1U);
    EXPECT_TRUE(read->record->services.contains("web"));
}

TEST_F(TransitionJournalTest, ADamagedStateIsInvalid) {
    for (const char* text : {"", "[]", "{\"record\": 3}", "{\"record\": {}, \"began\": 1}",
                             "{\"group\": 1}", "{\"kind\": \"boot\", \"finished\": []}"}) {
        folder_.write("transition", text);
        EXPECT_EQ(journal_.load().error().kind, ErrorKind::invalid) << text;
    }
}

}  // namespace
}  // namespace comar
