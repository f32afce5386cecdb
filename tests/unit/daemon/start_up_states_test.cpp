// SPDX-License-Identifier: MIT
#include "daemon/start_up_states.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

namespace fs = std::filesystem;

class StartUpStatesTest : public ::testing::Test {
protected:
    void touch(const std::string& folder, const std::string& app) {
        fs::create_directories(folder_.path() + "/" + folder);
        std::ofstream(folder_.path() + "/" + folder + "/" + app).flush();
    }
    [[nodiscard]] bool exists(const std::string& file) const {
        return fs::exists(folder_.path() + "/" + file);
    }
    const test::TemporaryFolder folder_;
    StartUpStates states_{folder_.path()};
};

TEST_F(StartUpStatesTest, InNoFolderMeansOffAndThatNobodyChose) {
    EXPECT_EQ(states_.get("web"), StartUp::off);
    EXPECT_FALSE(states_.chosen("web"));
    EXPECT_TRUE(states_.all().empty());
}

TEST_F(StartUpStatesTest, AFileOfThatNameTellsWhoeverWroteIt) {
    touch("enabled", "web");
    touch("disabled", "mail");
    touch("conditional", "print");
    EXPECT_EQ(states_.get("web"), StartUp::on);
    EXPECT_EQ(states_.chosen("mail"), StartUp::off);
    EXPECT_EQ(states_.get("print"), StartUp::conditional);
    EXPECT_EQ(states_.all(),
              (std::map<std::string, StartUp>{
                  {"web", StartUp::on}, {"mail", StartUp::off}, {"print", StartUp::conditional}}));
}

TEST_F(StartUpStatesTest, AfterSettingItIsInThatFolderOnly) {
    for (const StartUp before : all_start_ups) {
        for (const StartUp after : all_start_ups) {
            ASSERT_TRUE(states_.set("web", before));
            ASSERT_TRUE(states_.set("web", after));
            for (const StartUp one : all_start_ups) {
                EXPECT_EQ(exists(std::string(folder_of(one)) + "/web"), one == after);
            }
            EXPECT_EQ(states_.chosen("web"), after);
        }
    }
}

TEST_F(StartUpStatesTest, ClearedNobodyHasChosen) {
    ASSERT_TRUE(states_.set("web", StartUp::on));
    ASSERT_TRUE(states_.clear("web"));
    EXPECT_FALSE(states_.chosen("web"));
    EXPECT_TRUE(states_.clear("web"));
}

TEST_F(StartUpStatesTest, InSeveralFoldersBothLooksSayTheSame) {
    touch("enabled", "web");
    touch("disabled", "web");
    touch("conditional", "web");
    EXPECT_EQ(states_.chosen("web"), StartUp::on);
    EXPECT_EQ(states_.all().at("web"), StartUp::on);
}

}  // namespace
}  // namespace comar
