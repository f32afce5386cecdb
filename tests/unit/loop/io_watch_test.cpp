// SPDX-License-Identifier: MIT
#include "loop/io_watch.h"

#include <cerrno>
#include <cstdio>
#include <optional>

#include <sys/epoll.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include "os/pipe.h"
#include "os/process.h"
#include "os/reap.h"

namespace comar {
namespace {

class IoWatchTest : public testing::Test {
protected:
    void write_byte() { ASSERT_EQ(::write(pipe_.write_end.get(), "x", 1), 1); }

    Loop loop_ = std::move(Loop::create()).value();
    Pipe pipe_ = std::move(make_pipe()).value();
};

TEST_F(IoWatchTest, TellsWhenItIsReadable) {
    std::uint32_t seen = 0;
    auto watch = IoWatch::create(loop_, pipe_.read_end.get(), EPOLLIN, [&](std::uint32_t events) {
        seen = events;
        loop_.quit(0);
    });
    ASSERT_TRUE(watch) << watch.error().message;
    loop_.defer([&] { write_byte(); });
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(seen, EPOLLIN);
}

TEST_F(IoWatchTest, TellsOfTheOtherEndClosing) {
    std::uint32_t seen = 0;
    auto watch = IoWatch::create(loop_, pipe_.read_end.get(), EPOLLIN, [&](std::uint32_t events) {
        seen = events;
        loop_.quit(0);
    });
    ASSERT_TRUE(watch);
    pipe_.write_end.reset();
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(seen, EPOLLHUP);
}

TEST_F(IoWatchTest, DisabledItIsSilentUntilItIsEnabled) {
    bool enabled = false;
    auto watch = IoWatch::create(loop_, pipe_.read_end.get(), EPOLLIN, [&](std::uint32_t) {
        EXPECT_TRUE(enabled);
        loop_.quit(0);
    });
    ASSERT_TRUE(watch);
    watch->disable();
    write_byte();
    loop_.defer([&] {
        loop_.defer([&] {
            enabled = true;
            watch->enable();
        });
    });
    ASSERT_TRUE(loop_.run());
}

TEST_F(IoWatchTest, WatchesOtherEventsWhenAsked) {
    std::uint32_t seen = 0;
    auto watch = IoWatch::create(loop_, pipe_.write_end.get(), 0, [&](std::uint32_t events) {
        seen = events;
        loop_.quit(0);
    });
    ASSERT_TRUE(watch);
    watch->set_events(EPOLLOUT);
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(seen, EPOLLOUT);
}

TEST_F(IoWatchTest, MayBeDestroyedInsideItsCallBack) {
    int calls = 0;
    std::optional<IoWatch> watch;
    auto created = IoWatch::create(loop_, pipe_.read_end.get(), EPOLLIN, [&](std::uint32_t) {
        ++calls;
        watch.reset();
        loop_.defer([&] { loop_.defer([&] { loop_.quit(0); }); });
    });
    ASSERT_TRUE(created);
    watch.emplace(std::move(*created));
    write_byte();
    ASSERT_TRUE(loop_.run());
    EXPECT_EQ(calls, 1) << "the byte is still unread";
}

TEST_F(IoWatchTest, ADescriptorThatEpollRefusesIsAnError) {
    std::FILE* const file = std::tmpfile();
    ASSERT_NE(file, nullptr);
    const auto watch = IoWatch::create(loop_, ::fileno(file), EPOLLIN, [](std::uint32_t) {});
    ASSERT_FALSE(watch);
    EXPECT_EQ(watch.error().os_error, EPERM);
    std::fclose(file);
}

TEST_F(IoWatchTest, APidfdIsReadableWhenItsProcessHasExited) {
    const pid_t child = ::fork();
    if (child == 0) {
        char byte = 0;
        ::close(pipe_.write_end.release());
        const auto ended = ::read(pipe_.read_end.get(), &byte, 1);
        ::_exit(ended == 0 ? 0 : 1);
    }
    const auto pidfd = open_pidfd(child);
    ASSERT_TRUE(pidfd);
    auto watch =
        IoWatch::create(loop_, pidfd->get(), EPOLLIN, [&](std::uint32_t) { loop_.quit(0); });
    ASSERT_TRUE(watch);
    loop_.defer([&] { pipe_.write_end.reset(); });
    ASSERT_TRUE(loop_.run());
    const auto status = reap(pidfd->get());
    ASSERT_TRUE(status);
    EXPECT_TRUE(status->has_value());
}

}  // namespace
}  // namespace comar
