// SPDX-License-Identifier: MIT
#include "daemon/settings.h"

#include <string>

#include <gtest/gtest.h>

#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

using test::TemporaryFolder;

class SettingsTest : public ::testing::Test {
protected:
    Result<Settings> read(const std::string& text) {
        path_ = folder_.write("comard.toml", text);
        return read_settings(path_);
    }
    /// Reads `text`, which is wrong, and returns why.
    std::string complaint(const std::string& text) {
        const auto settings = read(text);
        EXPECT_FALSE(settings) << text;
        return settings ? "" : settings.error().message;
    }
    const TemporaryFolder folder_;
    std::string path_;
};

TEST_F(SettingsTest, WithoutAFileTheDefaultsHold) {
    const auto settings = read_settings(folder_.path() + "/none.toml");
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->change_limit, std::chrono::seconds(90));
    EXPECT_EQ(settings->read_limit, std::chrono::seconds(10));
    EXPECT_GE(settings->concurrency, 32U);
}

TEST_F(SettingsTest, EveryKeyTakesEffect) {
    const auto settings = read(
        "[calls]\nconcurrency = 3\nstart_seconds = 4\ninfo_seconds = 5\noutput_bytes = 6000\n"
        "[host]\nidle_seconds = 7\nspare_workers = 0\n"
        "[log]\ntarget = \"journal\"\nfile_bytes = 8192\nfile_days = 9\nkept_files = 10\n"
        "total_bytes = 110000\n");
    ASSERT_TRUE(settings) << settings.error().message;
    EXPECT_EQ(settings->concurrency, 3U);
    EXPECT_EQ(settings->change_limit, std::chrono::seconds(4));
    EXPECT_EQ(settings->read_limit, std::chrono::seconds(5));
    EXPECT_EQ(settings->output_bytes, 6000);
    EXPECT_EQ(settings->host_idle, std::chrono::seconds(7));
    EXPECT_EQ(settings->spare_workers, 0U);
    EXPECT_EQ(settings->log_target, OutputTarget::journal);
    EXPECT_EQ(settings->logs.bytes, 8192U);
    EXPECT_EQ(settings->logs.age, std::chrono::days(9));
    EXPECT_EQ(settings->logs.kept, 10U);
    EXPECT_EQ(settings->logs.total, 110000U);
}

TEST_F(SettingsTest, WhatABootStartsCanBeSet) {
    const auto settings = read(
        "[boot]\ndeadline_seconds = 5\nsafe = true\nessential = [\"my-app\", \"sshd\"]\n"
        "head_start = \"sddm\"\n[groups.office]\nservices = [\"cups\"]\n[groups.none]\nservices = "
        "[]\n"
        "[providers]\nlogger = \"rsyslog\"\n");
    ASSERT_TRUE(settings) << settings.error().message;
    EXPECT_EQ(settings->boot_deadline, std::chrono::seconds(5));
    EXPECT_TRUE(settings->safe);
    EXPECT_EQ(settings->essential, (std::vector<std::string>{"my_app", "sshd"}));
    EXPECT_EQ(settings->head_start, std::vector<std::string>{"sddm"});
    EXPECT_EQ(settings->groups.at("office"), std::vector<std::string>{"cups"});
    EXPECT_TRUE(settings->groups.at("none").empty());
    EXPECT_EQ(settings->providers.at("logger"), "rsyslog");
    EXPECT_TRUE(settings->provider_origins.at("logger").ends_with(":11"));
}

TEST_F(SettingsTest, WhatABootCannotUseIsToldWithItsLine) {
    const std::pair<const char*, const char*> wrong[] = {
        {"[boot]\nsafe = 1\n", ":2: boot.safe must be true or false"},
        {"[boot]\nessential = [1]\n",
         ":2: boot.essential must be a list of services, such as [\"sshd\"]"},
        {"[groups.office]\nservice = []\n",
         ":1: groups.office must be a table with services = [...]"},
        {"[providers]\nlogger = 3\n",
         ":2: providers.logger must be the name of a service, such as \"rsyslog\""}};
    for (const auto& [text, why] : wrong) {
        const std::string told = complaint(text);
        EXPECT_EQ(told, "cannot use " + path_ + why);
    }
}

TEST_F(SettingsTest, OnlyTargetsThatThereAreCanBeSet) {
    for (const char* value : {"\"disk\"", "\"\"", "1"}) {
        const std::string said = complaint(std::string("[log]\ntarget = ") + value + "\n");
        EXPECT_EQ(said, "cannot use " + path_ +
                            ":2: log.target must be \"file\", \"journal\" or \"syslog\"");
    }
}

TEST_F(SettingsTest, AMisspelledKeyIsToldWithFileAndLine) {
    const std::string message = complaint("[calls]\n\nconcurency = 3\n");
    EXPECT_EQ(message, "cannot use " + path_ + ":3: there is no setting calls.concurency");
}

TEST_F(SettingsTest, AValueOutOfRangeIsToldWithWhatIsAllowed) {
    for (const char* value : {"0", "-1", "1.5", "\"9\"", "true", "100000000000"}) {
        const std::string message =
            complaint(std::string("[calls]\nstart_seconds = ") + value + "\n");
        EXPECT_EQ(message, "cannot use " + path_ +
                               ":2: calls.start_seconds must be a whole number from 1 to 86400")
            << value;
    }
}

TEST_F(SettingsTest, BrokenTomlIsToldWithItsLine) {
    EXPECT_EQ(complaint("[calls]\nstart_seconds = = 3\n").find("cannot use " + path_ + ":2: "), 0U);
    EXPECT_EQ(complaint("loose = 3\n"), "cannot use " + path_ + ":1: there is no setting loose");
}

}  // namespace
}  // namespace comar
