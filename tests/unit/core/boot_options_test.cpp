// SPDX-License-Identifier: MIT
#include "core/boot_options.h"

#include <gtest/gtest.h>

namespace comar {
namespace {

using Names = std::vector<std::string>;

TEST(BootOptionsTest, NothingIsSaidWhereNothingIsForUs) {
    for (const char* line : {"", "\n", "root=/dev/sda1 ro quiet splash\n", "safe head_start:sddm",
                             "xcomar=safe", "comars=safe", "comar", "comar.safe=1", "COMAR=safe"}) {
        const auto options = parse_boot_options(line);
        EXPECT_FALSE(options.safe) << line;
        EXPECT_EQ(options.head_start, Names{}) << line;
        EXPECT_EQ(options.group, std::nullopt) << line;
        EXPECT_EQ(options.warnings, Names{}) << line;
    }
}

TEST(BootOptionsTest, AllThreeStandInOneParameter) {
    const auto options =
        parse_boot_options("root=/dev/sda1 comar=safe,head_start:sddm,group:rescue quiet\n");
    EXPECT_TRUE(options.safe);
    EXPECT_EQ(options.head_start, Names{"sddm"});
    EXPECT_EQ(options.group, "rescue");
    EXPECT_EQ(options.warnings, Names{});
}

TEST(BootOptionsTest, TheOlderParameterMeansTheSame) {
    const auto options = parse_boot_options("mudur=safe,head_start:kdm");
    EXPECT_TRUE(options.safe);
    EXPECT_EQ(options.head_start, Names{"kdm"});
}

TEST(BootOptionsTest, SeveralAddUpAndTheLastGroupCounts) {
    const auto options = parse_boot_options(
        "comar=head_start:dbus,group:single mudur=safe comar=head_start:sddm,group:own");
    EXPECT_TRUE(options.safe);
    EXPECT_EQ(options.head_start, (Names{"dbus", "sddm"}));
    EXPECT_EQ(options.group, "own");
}

TEST(BootOptionsTest, UnknownWordsAndMissingValuesAreWarningsAndTheRestCounts) {
    const auto options =
        parse_boot_options("mudur=livecd,,safe, comar=head_start:,group,safe:1,head_startx:y");
    EXPECT_TRUE(options.safe);
    EXPECT_EQ(options.head_start, Names{});
    EXPECT_EQ(options.group, std::nullopt);
    ASSERT_EQ(options.warnings.size(), 5U);
    EXPECT_EQ(options.warnings[0],
              "\"livecd\" in mudur= on the kernel command line means nothing here, ignoring; there "
              "are safe, head_start:SERVICE and group:NAME");
    EXPECT_EQ(options.warnings[1].substr(0, 23), "\"head_start:\" in comar=");
}

TEST(BootOptionsTest, QuotesAreTakenOffAndKeepSpaces) {
    EXPECT_EQ(parse_boot_options("comar=\"group:my group,safe\"").group, "my group");
    EXPECT_TRUE(parse_boot_options("\"comar=group:my group,safe\"").safe);
    EXPECT_FALSE(parse_boot_options("init=\"/bin/sh comar=safe\"").safe);
    EXPECT_EQ(parse_boot_options("comar=\"group:never ends").group, "never ends");
}

TEST(BootOptionsTest, AServiceMayGoByTheNameThatPeopleKnow) {
    EXPECT_EQ(parse_boot_options("comar=head_start:log-in").head_start, Names{"log_in"});
}

}  // namespace
}  // namespace comar
