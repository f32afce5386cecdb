// SPDX-License-Identifier: MIT
#include "bus/message.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "bus/value.h"
#include "unit/bus/message_factory.h"

namespace comar::bus {
namespace {

class MessageTest : public testing::Test {
protected:
    MessageTest() { test::MessageFactory::seal(call_); }

    test::MessageFactory factory_;
    Message call_ = factory_.make();
};

TEST_F(MessageTest, TellsItsParts) {
    EXPECT_TRUE(call_.is_method_call());
    EXPECT_FALSE(call_.is_signal());
    EXPECT_FALSE(call_.is_error());
    EXPECT_TRUE(call_.expects_reply());
    EXPECT_FALSE(call_.allows_interaction());
    EXPECT_EQ(call_.path(), "/");
    EXPECT_EQ(call_.interface(), "a.b");
    EXPECT_EQ(call_.member(), "c");
    EXPECT_EQ(call_.destination(), "");
    EXPECT_EQ(call_.sender(), "");
    EXPECT_EQ(call_.signature(), "");
    EXPECT_EQ(call_.error().name, "");
}

TEST_F(MessageTest, CopiesShareOneMessage) {
    Message copy = call_;
    EXPECT_EQ(copy.get(), call_.get());
    const Message moved = std::move(copy);
    EXPECT_FALSE(copy);  // NOLINT(bugprone-use-after-move): empty is what is promised
    EXPECT_EQ(moved.get(), call_.get());
    EXPECT_FALSE(Message());
}

TEST_F(MessageTest, AReplyIsNeitherCallNorError) {
    const auto reply = call_.reply();
    ASSERT_TRUE(reply);
    EXPECT_FALSE(reply->is_method_call());
    EXPECT_FALSE(reply->is_error());
}

TEST_F(MessageTest, AnErrorCarriesNameAndText) {
    const auto error = call_.error_reply({"tr.org.pardus.comar.Missing", "nginx has no reload"});
    ASSERT_TRUE(error);
    EXPECT_TRUE(error->is_error());
    EXPECT_EQ(error->error().name, "tr.org.pardus.comar.Missing");
    EXPECT_EQ(error->error().text, "nginx has no reload");
}

TEST_F(MessageTest, AnErrorNeverHoldsWhatABusWouldHangUpFor) {
    const auto strange =
        call_.error_reply({"tr.org.pardus.comar.\xC3\x9C"
                           "berlauf",
                           std::string("a\0\xFF", 3)});
    ASSERT_TRUE(strange);
    EXPECT_EQ(strange->error().name, "org.freedesktop.DBus.Error.Failed");
    EXPECT_EQ(strange->error().text, "a\xEF\xBF\xBD\xEF\xBF\xBD");

    const auto empty = call_.error_reply({"", ""});
    ASSERT_TRUE(empty);
    EXPECT_EQ(empty->error().name, "org.freedesktop.DBus.Error.Failed");

    const auto long_text = call_.error_reply({"a.b", std::string(10'000'000, 'x')});
    ASSERT_TRUE(long_text);
    EXPECT_EQ(long_text->error().text.size(), 65536U);
}

TEST_F(MessageTest, OnlyCallsHaveReplies) {
    const auto reply = call_.reply();
    ASSERT_TRUE(reply);
    const auto nonsense = reply->reply();
    ASSERT_FALSE(nonsense);
    EXPECT_TRUE(nonsense.error().message.starts_with("cannot make a reply"))
        << nonsense.error().message;
}

}  // namespace
}  // namespace comar::bus
