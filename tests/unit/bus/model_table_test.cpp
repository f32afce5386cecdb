// SPDX-License-Identifier: MIT
#include "bus/model_table.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "unit/os/temporary_folder.h"

namespace comar::bus {
namespace {

std::string model_text(const std::string& name) {
    return "<node><interface name=\"tr.org.pardus.comar." + name +
           "\"><method name=\"m\"/></interface></node>";
}

TEST(ModelTableTest, LoadsEveryModelOfAFolderAndTellsOfBrokenOnes) {
    const comar::test::TemporaryFolder folder;
    folder.write({{"A.xml", model_text("A")},
                  {"B.xml", "<node>"},
                  {"C.xml", model_text("Sub.C")},
                  {"D.xml", model_text("A")},
                  {"notes.txt", "not a model"}});
    std::filesystem::create_directory(folder / "folder.xml");

    const auto [table, errors] = ModelTable::load(folder.path());
    EXPECT_EQ(table.names(), (std::vector<std::string>{"A", "Sub.C"}));
    ASSERT_EQ(errors.size(), 3U);
    EXPECT_TRUE(errors[0].message.starts_with("cannot load " + folder / "B.xml"))
        << errors[0].message;
    EXPECT_EQ(errors[1].message,
              "cannot load " + folder / "D.xml" + ": cannot add the model A twice");
    EXPECT_NE(errors[2].message.find("folder.xml"), std::string::npos);
}

TEST(ModelTableTest, FindsByNameAndByInterface) {
    ModelTable table;
    ASSERT_TRUE(table.add(parse_model(model_text("System.Service"), "x").value()));
    ASSERT_NE(table.find("System.Service"), nullptr);
    EXPECT_EQ(table.find_interface("tr.org.pardus.comar.System.Service"),
              table.find("System.Service"));
    EXPECT_EQ(table.find("System"), nullptr);
    EXPECT_EQ(table.find(""), nullptr);
    EXPECT_EQ(table.find_interface("System.Service"), nullptr);
    EXPECT_EQ(table.find_interface("tr.org.pardus.comar."), nullptr);
    EXPECT_EQ(table.find_interface("tr.org.pardus.comar"), nullptr);
}

TEST(ModelTableTest, AFolderThatIsNotThereIsAnError) {
    const auto [table, errors] = ModelTable::load("/nonexistent/models");
    EXPECT_TRUE(table.names().empty());
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_TRUE(errors[0].message.starts_with("cannot read the models in /nonexistent/models"));
}

TEST(ModelTableTest, AFileTooLargeIsAnErrorThatNamesIt) {
    const comar::test::TemporaryFolder folder;
    folder.write("Large.xml", model_text("A") + std::string(std::size_t{1} << 20, ' '));
    const auto [table, errors] = ModelTable::load(folder.path());
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_NE(errors[0].message.find("Large.xml"), std::string::npos) << errors[0].message;
}

class ShippedModelsTest : public testing::Test {
protected:
    ModelTable::Loaded loaded_ = ModelTable::load(COMAR_SHIPPED_MODELS);
};

TEST_F(ShippedModelsTest, AllLoad) {
    for (const auto& error : loaded_.errors) ADD_FAILURE() << error.message;
    for (const char* name :
         {"System.Service", "System.Package", "System.PackageHandler", "Network.Firewall"})
        EXPECT_NE(loaded_.table.find(name), nullptr) << name;
}

TEST_F(ShippedModelsTest, ServicesHaveTheMethodsThatTheirClientsCall) {
    const auto* service = loaded_.table.find("System.Service");
    ASSERT_NE(service, nullptr);
    for (const char* name : {"start", "stop", "reload", "ready", "setState"}) {
        const auto* method = service->find_method(name);
        ASSERT_NE(method, nullptr) << name;
        EXPECT_EQ(method->action, "tr.org.pardus.comar.system.service.set") << name;
        EXPECT_EQ(method->out_signature(), "") << name;
    }
    EXPECT_EQ(service->find_method("setState")->in_signature(), "s");
    EXPECT_FALSE(service->find_method("registerState")->open);
    EXPECT_EQ(service->find_method("info")->out_signature(), "sss");
    EXPECT_TRUE(service->find_method("info")->open);
    EXPECT_EQ(service->find_signal("Changed")->signature(), "ss");
}

TEST_F(ShippedModelsTest, NoMethodThatChangesSomethingIsOpen) {
    for (const auto& name : loaded_.table.names())
        for (const auto& method : loaded_.table.find(name)->methods)
            EXPECT_TRUE(!method.open || !method.out_signature().empty())
                << name << '.' << method.name;
}

TEST_F(ShippedModelsTest, PackagesHaveWhatPackageManagersCall) {
    const auto* package = loaded_.table.find("System.Package");
    ASSERT_NE(package, nullptr);
    EXPECT_EQ(package->find_method("postInstall")->in_signature(), "ssss");
    EXPECT_EQ(package->find_method("preRemove")->in_signature(), "");
    EXPECT_EQ(package->find_signal("Installed")->signature(), "s");
    const auto* handler = loaded_.table.find("System.PackageHandler");
    ASSERT_NE(handler, nullptr);
    for (const char* name : {"setupPackage", "cleanupPackage", "postCleanupPackage"})
        EXPECT_EQ(handler->find_method(name)->in_signature(), "ss") << name;
}

}  // namespace
}  // namespace comar::bus
