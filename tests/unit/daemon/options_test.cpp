// SPDX-License-Identifier: MIT
#include "daemon/options.h"

#include <vector>

#include <gtest/gtest.h>

namespace comar {
namespace {

tl::expected<Options, int> read(std::vector<std::string> words) {
    words.insert(words.begin(), "comard");
    std::vector<char*> pointers;
    for (auto& word : words) pointers.push_back(word.data());
    return read_options(static_cast<int>(pointers.size()), pointers.data());
}

TEST(OptionsTest, WithoutAnyTheDefaultsCount) {
    const auto options = read({});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->root, "");
    EXPECT_EQ(options->bus_name, "tr.org.pardus.comar");
    EXPECT_EQ(options->log_target, LogTarget::automatic);
}

TEST(OptionsTest, APrivateComardUsesNoBusUnlessItIsNamed) {
    EXPECT_EQ(read({"--root", "/r"})->bus_address, "");
    EXPECT_EQ(read({"--root", "/r", "--bus", "unix:path=/b"})->bus_address, "unix:path=/b");
    EXPECT_EQ(read({"--bus", "none"})->bus_address, "");
}

TEST(OptionsTest, TheLogGoesWhereAWordSays) {
    EXPECT_EQ(read({"--log", "journal"})->log_target, LogTarget::journal);
    EXPECT_EQ(read({"--log=stderr"})->log_target, LogTarget::standard_error);
}

TEST(OptionsTest, AnotherWordIsRefusedWithThoseThereAre) {
    testing::internal::CaptureStderr();
    const auto options = read({"--log", "paper"});
    const std::string said = testing::internal::GetCapturedStderr();
    ASSERT_FALSE(options);
    EXPECT_EQ(options.error(), 2);
    EXPECT_NE(said.find("cannot use 'paper': it must be auto, stderr, journal or syslog"),
              std::string::npos)
        << said;
}

}  // namespace
}  // namespace comar
