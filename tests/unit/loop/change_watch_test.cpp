// SPDX-License-Identifier: MIT
#include "loop/change_watch.h"

#include <cerrno>
#include <optional>
#include <vector>

#include <sys/epoll.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include "os/pipe.h"

namespace comar {
namespace {

class ChangeWatchTest : public testing::Test {
protected:
    static void write_byte(const Pipe& pipe) {
        ASSERT_EQ(::write(pipe.write_end.get(), "x", 1), 1);
    }

    ChangeWatch watch(const Pipe& pipe, ChangeWatch::Callback callback) {
        auto made = ChangeWatch::create(loop_, pipe.read_end.get(), EPOLLIN, std::move(callback));
        EXPECT_TRUE(made) << made.error().message;
        return std::move(made).value();
    }

    Loop loop_ = std::move(Loop::create()).value();
    Pipe one_ = std::move(make_pipe()).value();
    Pipe other_ = std::move(make_pipe()).value();
};

TEST_F(ChangeWatchTest, TellsOfEachChangeOnce) {
    int told = 0;
    const auto watched = watch(one_, [&] {
        ++told;
        // Nobody has read it; it is told of again only when there is more.
        if (told == 1) loop_.defer([&] { loop_.defer([&] { write_byte(one_); }); });
        if (told == 2) loop_.defer([&] { loop_.defer([&] { loop_.quit(0); }); });
    });
    write_byte(one_);
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(told, 2);
}

TEST_F(ChangeWatchTest, SeveralAreToldInOneTurnOfTheLoop) {
    std::vector<std::uint64_t> turns;
    const auto note = [&] {
        turns.push_back(loop_.iteration());
        if (turns.size() == 2) loop_.quit(0);
    };
    const auto first = watch(one_, note);
    const auto second = watch(other_, note);
    write_byte(one_);
    write_byte(other_);
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(turns[0], turns[1]);
}

TEST_F(ChangeWatchTest, ACallBackMayEndBoth) {
    std::optional<ChangeWatch> first;
    std::optional<ChangeWatch> second;
    int told = 0;
    const auto end_both = [&] {
        ++told;
        first.reset();
        second.reset();
        loop_.defer([&] { loop_.quit(0); });
    };
    first = watch(one_, end_both);
    second = watch(other_, end_both);
    write_byte(one_);
    write_byte(other_);
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(told, 1);
}

TEST_F(ChangeWatchTest, WhatCannotBeWatchedIsAnError) {
    const auto made = ChangeWatch::create(loop_, -1, EPOLLIN, [] {});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().os_error, EBADF);
}

}  // namespace
}  // namespace comar
