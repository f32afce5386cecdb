// SPDX-License-Identifier: MIT
#include "script/registry.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

using test::content_of;
using test::TemporaryFolder;
using Names = std::vector<std::string>;

constexpr const char* model = "System.Service";

Facts server() {
    Facts facts;
    facts.type = "server";
    facts.methods = {"start", "stop"};
    return facts;
}

class RegistryTest : public ::testing::Test {
protected:
    const TemporaryFolder folder_;
    Registry registry_{folder_.path() + "/scripts"};
};

TEST_F(RegistryTest, AFolderThatIsNotThereIsAnEmptyRegistry) {
    EXPECT_TRUE(registry_.load().empty());
    EXPECT_TRUE(registry_.apps().empty());
    EXPECT_EQ(registry_.find(model, "web"), nullptr);
}

TEST_F(RegistryTest, AnInstalledScriptIsThereAfterARestartWithItsFacts) {
    ASSERT_TRUE(registry_.install(model, "web", "text", server()));
    Registry again(folder_.path() + "/scripts");
    EXPECT_TRUE(again.load().empty());
    const Script* script = again.find(model, "web");
    ASSERT_NE(script, nullptr);
    EXPECT_TRUE(script->facts_known);
    EXPECT_EQ(script->facts.type, "server");
    EXPECT_EQ(content_of(script->path), "text");
}

TEST_F(RegistryTest, AnUpdateReplacesTextAndFacts) {
    ASSERT_TRUE(registry_.install(model, "web", "old", server()));
    Facts facts = server();
    facts.type = "local";
    ASSERT_TRUE(registry_.install(model, "web", "new", facts));
    EXPECT_EQ(registry_.find(model, "web")->facts.type, "local");
    EXPECT_EQ(content_of(registry_.find(model, "web")->path), "new");
}

TEST_F(RegistryTest, OneAppMayHaveScriptsOfSeveralModels) {
    ASSERT_TRUE(registry_.install("System.Package", "web", "p", {}));
    ASSERT_TRUE(registry_.install(model, "web", "s", server()));
    ASSERT_TRUE(registry_.install(model, "webmail", "m", server()));
    EXPECT_EQ(registry_.models_of("web"), (Names{"System.Package", model}));
    EXPECT_EQ(registry_.apps_of(model), (Names{"web", "webmail"}));
    EXPECT_EQ(registry_.apps(), (Names{"web", "webmail"}));
}

TEST_F(RegistryTest, ARemovedScriptLeavesNothing) {
    ASSERT_TRUE(registry_.install(model, "web", "s", server()));
    ASSERT_TRUE(registry_.remove(model, "web"));
    EXPECT_EQ(registry_.find(model, "web"), nullptr);
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path() + "/scripts/" + model));
}

TEST_F(RegistryTest, AScriptThatWasEditedOnDiskWantsToBeCheckedAgain) {
    ASSERT_TRUE(registry_.install(model, "web", "s", server()));
    std::ofstream(registry_.find(model, "web")->path) << "edited by hand";
    EXPECT_TRUE(registry_.load().empty());
    ASSERT_NE(registry_.find(model, "web"), nullptr);
    EXPECT_FALSE(registry_.find(model, "web")->facts_known);
    Facts facts = server();
    facts.type = "script";
    ASSERT_TRUE(registry_.learn(model, "web", facts));
    registry_.load();
    EXPECT_TRUE(registry_.find(model, "web")->facts_known);
    EXPECT_EQ(registry_.find(model, "web")->facts.type, "script");
}

TEST_F(RegistryTest, ACopyIsKnownByItsTextAndAnotherTextOfTheSameSizeIsNot) {
    ASSERT_TRUE(registry_.install(model, "web", "text", server()));
    const std::string path = registry_.find(model, "web")->path;
    for (const auto& [text, is_known] : {std::pair("text", true), std::pair("next", false)}) {
        std::filesystem::remove(path);
        std::ofstream(path) << text;
        std::filesystem::last_write_time(path, {});
        Registry again(folder_.path() + "/scripts");
        EXPECT_TRUE(again.load().empty());
        EXPECT_EQ(again.find(model, "web")->facts_known, is_known) << text;
    }
}

TEST_F(RegistryTest, DamagedFactsAreForgottenNotBelieved) {
    ASSERT_TRUE(registry_.install(model, "web", "s", server()));
    std::ofstream(folder_.path() + "/scripts/" + model + "/web.facts") << R"({"stamp": [)";
    EXPECT_TRUE(registry_.load().empty());
    EXPECT_FALSE(registry_.find(model, "web")->facts_known);
}

TEST_F(RegistryTest, WhatIsNoRegularFileIsSkippedAndTold) {
    ASSERT_TRUE(registry_.install(model, "web", "s", server()));
    const std::string folder = folder_.path() + "/scripts/" + model;
    ASSERT_EQ(::mkfifo((folder + "/fifo.py").c_str(), 0600), 0);
    std::filesystem::create_symlink("/etc/passwd", folder + "/link.py");
    const auto problems = registry_.load();
    ASSERT_EQ(problems.size(), 2U);
    EXPECT_NE(problems[0].message.find("fifo.py"), std::string::npos);
    EXPECT_EQ(registry_.apps(), Names{"web"});
}

}  // namespace
}  // namespace comar
