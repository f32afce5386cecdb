// SPDX-License-Identifier: MIT
#include "output/line_stamper.h"

#include <string>

#include <gtest/gtest.h>

namespace comar {
namespace {

class LineStamperTest : public ::testing::Test {
protected:
    std::string feed(std::string_view piece) {
        std::string lines;
        stamper_.feed(piece, "T ", lines);
        return lines;
    }
    std::string finish() {
        std::string lines;
        stamper_.finish("T ", lines);
        return lines;
    }
    LineStamper stamper_;
};

TEST_F(LineStamperTest, EveryLineGetsItsStamp) {
    EXPECT_EQ(feed("one\ntwo\n\nfour\n"), "T one\nT two\nT \nT four\n");
}

TEST_F(LineStamperTest, ALineInPiecesIsOneLine) {
    EXPECT_EQ(feed("on"), "");
    EXPECT_EQ(feed("e"), "");
    EXPECT_EQ(feed("\ntw"), "T one\n");
    EXPECT_EQ(feed("o\n"), "T two\n");
}

TEST_F(LineStamperTest, ALastLineWithoutNewlineIsNotLost) {
    EXPECT_EQ(feed("one\nrest"), "T one\n");
    EXPECT_EQ(finish(), "T rest\n");
    EXPECT_EQ(finish(), "");
}

TEST_F(LineStamperTest, ALineThatIsTooLongIsCutAndNothingIsLost) {
    const std::string longest(LineStamper::max_line, 'x');
    EXPECT_EQ(feed(longest + "yz\n"), "T " + longest + "\nT yz\n");
    EXPECT_EQ(feed(longest + "\n"), "T " + longest + "\n");
}

TEST_F(LineStamperTest, WhereALineIsCutDoesNotDependOnThePieces) {
    const std::string text =
        std::string(LineStamper::max_line, 'x') + "\n" + std::string(20000, 'y') + "\nend\n";
    LineStamper whole;
    std::string expected;
    whole.feed(text, "T ", expected);
    for (const std::size_t size : {1U, 7U, 4096U, 8191U, 8192U, 8193U}) {
        std::string lines;
        for (std::size_t at = 0; at < text.size(); at += size) lines += feed(text.substr(at, size));
        EXPECT_EQ(lines, expected) << size;
    }
}

TEST_F(LineStamperTest, AnotherOneGoesOnWithTheBeginningOfALine) {
    EXPECT_EQ(feed("one\nbegin"), "T one\n");
    LineStamper next;
    next.set_rest(stamper_.rest());
    std::string lines;
    next.feed("ning\n", "T ", lines);
    EXPECT_EQ(lines, "T beginning\n");
}

TEST_F(LineStamperTest, BytesAreKeptAsTheyAre) {
    const std::string bytes("\xff\0\x1b[0m", 6);
    EXPECT_EQ(feed(bytes + "\n"), "T " + bytes + "\n");
}

}  // namespace
}  // namespace comar
