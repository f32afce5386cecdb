// SPDX-License-Identifier: MIT
#include "daemon/state_journal.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

using nlohmann::json;
using test::TemporaryFolder;

const json state{{"state", "running"}, {"main", {12, 3456789012345}}, {"last_error", "a\nb"}};
const json other{{"state", "stopped"}};

class StateJournalTest : public ::testing::Test {
protected:
    StateJournal::States reread() const {
        auto states = StateJournal(path_).load();
        EXPECT_TRUE(states) << states.error().message;
        return states.value_or(StateJournal::States());
    }

    std::string text() const {
        std::ifstream file(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    TemporaryFolder folder_;
    std::string path_ = folder_.path() + "/state";
};

TEST_F(StateJournalTest, WithoutAFileThereIsNothing) { EXPECT_TRUE(reread().empty()); }

TEST_F(StateJournalTest, TheLastStateOfEachServiceIsReadAgain) {
    StateJournal journal(path_);
    ASSERT_TRUE(journal.put("web", other.dump()));
    ASSERT_TRUE(journal.put("db", other.dump()));
    ASSERT_TRUE(journal.put("web", state.dump()));
    EXPECT_EQ(reread(), (StateJournal::States{{"db", other}, {"web", state}}));
}

TEST_F(StateJournalTest, WhatIsRemovedIsGone) {
    StateJournal journal(path_);
    ASSERT_TRUE(journal.put("web", state.dump()));
    ASSERT_TRUE(journal.put("db", state.dump()));
    ASSERT_TRUE(journal.remove("web"));
    ASSERT_TRUE(journal.remove("never there"));
    EXPECT_EQ(reread(), (StateJournal::States{{"db", state}}));
}

TEST_F(StateJournalTest, TheSameStateIsNotWrittenAgain) {
    StateJournal journal(path_);
    ASSERT_TRUE(journal.put("web", state.dump()));
    const std::string before = text();
    ASSERT_TRUE(journal.put("web", state.dump()));
    EXPECT_EQ(text(), before);
}

TEST_F(StateJournalTest, AnotherOneGoesOnWithWhatItHasRead) {
    ASSERT_TRUE(StateJournal(path_).put("web", state.dump()));
    StateJournal journal(path_);
    ASSERT_TRUE(journal.load());
    ASSERT_TRUE(journal.put("db", other.dump()));
    EXPECT_EQ(reread(), (StateJournal::States{{"db", other}, {"web", state}}));
}

TEST_F(StateJournalTest, ItDoesNotGrowForEver) {
    StateJournal journal(path_);
    for (int change = 0; change < 20'000; ++change) {
        ASSERT_TRUE(journal.put("web", json({{"change", change}}).dump()));
    }
    EXPECT_LT(std::filesystem::file_size(path_), 300'000);
    EXPECT_EQ(reread(), (StateJournal::States{{"web", {{"change", 19'999}}}}));
}

TEST_F(StateJournalTest, ACutAnywhereLeavesTheRecordsBeforeIt) {
    const std::string first = encode_record("web", state.dump());
    const std::string second = encode_record("web", other.dump());
    for (std::size_t length = 0; length < second.size(); ++length) {
        const auto states = decode_journal(first + second.substr(0, length));
        ASSERT_TRUE(states) << length << ": " << states.error().message;
        EXPECT_EQ(*states, (StateJournal::States{{"web", state}})) << length;
    }
}

TEST_F(StateJournalTest, AFlippedBitIsRefusedOrCutsOffTheEnd) {
    const std::string text = encode_record("web", state.dump()) + encode_record("db", other.dump());
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string damaged = text;
            damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
            const auto states = decode_journal(damaged);
            if (!states) continue;
            // Only a length can be wrong and look like a record that has not ended.
            for (const auto& [app, read] : *states) EXPECT_EQ(read, app == "web" ? state : other);
            EXPECT_LT(states->size(), 2U) << at << "." << bit;
        }
    }
}

TEST_F(StateJournalTest, WhatIsNoRecordIsRefusedAndKept) {
    std::ofstream(path_) << encode_record("web", state.dump()) << std::string(100, 'x');
    StateJournal journal(path_);
    const auto states = journal.load();
    ASSERT_FALSE(states);
    EXPECT_EQ(states.error().kind, ErrorKind::invalid);
    EXPECT_NE(states.error().message.find(path_), std::string::npos);
    EXPECT_TRUE(std::filesystem::exists(path_ + ".damaged"));
    ASSERT_TRUE(journal.put("db", other.dump()));
    EXPECT_EQ(reread(), (StateJournal::States{{"db", other}}));
}

TEST_F(StateJournalTest, AStateThatIsNoObjectIsRefused) {
    EXPECT_FALSE(decode_journal(encode_record("web", "[1]")));
    EXPECT_FALSE(decode_journal(encode_record("web", "text")));
}

TEST_F(StateJournalTest, AFailedWriteIsTriedAgainWithTheNextChange) {
    StateJournal journal(folder_.path() + "/missing/state");
    EXPECT_FALSE(journal.put("web", state.dump()));
    std::filesystem::create_directory(folder_.path() + "/missing");
    ASSERT_TRUE(journal.put("db", other.dump()));
    const auto states = StateJournal(folder_.path() + "/missing/state").load();
    ASSERT_TRUE(states);
    EXPECT_EQ(states->size(), 2U);
}

}  // namespace
}  // namespace comar
