// SPDX-License-Identifier: MIT
#include <random>
#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "daemon/notify_sockets.h"

namespace comar {
namespace {

using namespace std::string_literals;

/// All that a notification says, to be compared at once.
auto all_of(const Notification& said) {
    return std::tuple(said.ready, said.stopping, said.reloading, said.alive, said.trigger,
                      said.status, said.main, said.watchdog_usec, said.extend_usec);
}

bool says_nothing(std::string_view text) {
    return all_of(parse_notification(text)) == all_of(Notification());
}

TEST(Notification, EveryKeyIsRead) {
    const auto said = parse_notification(
        "READY=1\nSTOPPING=1\nRELOADING=1\nWATCHDOG=1\nSTATUS=it goes well\nMAINPID=4711\n"
        "WATCHDOG_USEC=20000000\nEXTEND_TIMEOUT_USEC=5000000");
    EXPECT_TRUE(said.ready);
    EXPECT_TRUE(said.stopping);
    EXPECT_TRUE(said.reloading);
    EXPECT_TRUE(said.alive);
    EXPECT_FALSE(said.trigger);
    EXPECT_EQ(said.status, "it goes well");
    EXPECT_EQ(said.main, 4711);
    EXPECT_EQ(said.watchdog_usec, 20'000'000U);
    EXPECT_EQ(said.extend_usec, 5'000'000U);
}

TEST(Notification, ALineFeedAtTheEndIsNoLine) {
    EXPECT_TRUE(parse_notification("READY=1\n").ready);
    EXPECT_TRUE(parse_notification("\n\nREADY=1\n\n").ready);
}

TEST(Notification, TheWatchdogIsTriggeredByItsWordOnly) {
    EXPECT_TRUE(parse_notification("WATCHDOG=trigger").trigger);
    EXPECT_FALSE(parse_notification("WATCHDOG=trigger").alive);
    EXPECT_TRUE(says_nothing("WATCHDOG=yes"));
    EXPECT_TRUE(says_nothing("WATCHDOG="));
}

TEST(Notification, OnlyOneMeansYes) {
    for (const char* text : {"READY=0", "READY=", "READY=11", "READY=1 ", "READY= 1", "READY=yes",
                             "ready=1", " READY=1", "READY", "READY1", "=1", "=", "STOPPING=2"}) {
        EXPECT_TRUE(says_nothing(text)) << text;
    }
}

TEST(Notification, APidIsAPositiveNumberThatFits) {
    for (const char* text : {"MAINPID=", "MAINPID=0", "MAINPID=-1", "MAINPID=12x", "MAINPID=0x12",
                             "MAINPID= 12", "MAINPID=1.5", "MAINPID=2147483648",
                             "MAINPID=4294967297", "MAINPID=99999999999999999999999"}) {
        EXPECT_TRUE(says_nothing(text)) << text;
    }
    EXPECT_EQ(parse_notification("MAINPID=2147483647").main, 2147483647);
}

TEST(Notification, ANumberThatDoesNotFitIsNone) {
    EXPECT_TRUE(says_nothing("WATCHDOG_USEC=18446744073709551616"));
    EXPECT_TRUE(says_nothing("WATCHDOG_USEC=-5"));
    EXPECT_TRUE(says_nothing("EXTEND_TIMEOUT_USEC=soon"));
    EXPECT_EQ(parse_notification("WATCHDOG_USEC=18446744073709551615").watchdog_usec, UINT64_MAX);
}

TEST(Notification, OfAKeyThatComesTwiceTheLastCounts) {
    EXPECT_EQ(parse_notification("STATUS=one\nSTATUS=two").status, "two");
    EXPECT_FALSE(parse_notification("READY=1\nREADY=0").ready);
}

TEST(Notification, AnEqualsSignMayBePartOfTheValue) {
    EXPECT_EQ(parse_notification("STATUS=a=b=c").status, "a=b=c");
    EXPECT_EQ(parse_notification("STATUS=").status, "");
}

TEST(Notification, ANulIsACharacterLikeOthersAndHidesNothing) {
    EXPECT_TRUE(parse_notification("STATUS=a\0b\nREADY=1"s).ready);
    EXPECT_EQ(parse_notification("STATUS=a\0b"s).status, "a\0b"s);
    EXPECT_TRUE(says_nothing("READY=1\0"s));
    EXPECT_TRUE(says_nothing("\0READY=1"s));
    EXPECT_TRUE(says_nothing("MAINPID=12\0"s));
}

TEST(Notification, NothingIsNothing) {
    for (const auto& text :
         {""s, "\n"s, "\n\n\n"s, "\0"s, "="s, "FDSTORE=1\nBARRIER=1"s, "X_OWN=1"s}) {
        EXPECT_TRUE(says_nothing(text));
    }
}

TEST(Notification, AHugeStatusIsCutAndWhatFollowsIsRead) {
    const auto said = parse_notification("STATUS=" + std::string(1 << 20, 'x') + "\nREADY=1");
    EXPECT_TRUE(said.ready);
    EXPECT_EQ(said.status, std::string(512, 'x'));
}

TEST(Notification, AStatusIsCutBetweenCharactersNotInOne) {
    const std::string euro = "\xe2\x82\xac";
    std::string text = "STATUS=x";
    for (int i = 0; i < 400; ++i) text += euro;
    const auto said = parse_notification(text);
    ASSERT_TRUE(said.status);
    EXPECT_LE(said.status->size(), 512U);
    EXPECT_GT(said.status->size(), 500U);
    EXPECT_EQ(said.status->size() % euro.size(), 1U) << "half a character is left";
}

TEST(Notification, AMillionEmptyLinesAreReadOnce) {
    EXPECT_TRUE(parse_notification(std::string(1'000'000, '\n') + "READY=1").ready);
}

TEST(Notification, NoiseIsSurvived) {
    std::mt19937 random(42);
    constexpr std::string_view letters = "READY=1\nSTATUSMAINPIDWATCHDOG_USEC\0\xff\x80 -9";
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (std::size_t left = random() % 60; left > 0; --left) {
            text += letters[random() % letters.size()];
        }
        const auto said = parse_notification(text);
        if (said.main) {
            EXPECT_GT(*said.main, 0);
        }
        if (said.ready) {
            EXPECT_NE(text.find("READY=1"), std::string::npos);
        }
    }
}

}  // namespace
}  // namespace comar
