// SPDX-License-Identifier: MIT
#include "script/frame_channel.h"

#include <array>
#include <cstring>
#include <string>

#include <sys/socket.h>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace comar {
namespace {

using nlohmann::json;

/// A channel, and the other end of its socket.
struct Ends {
    FrameChannel channel;
    UniqueFd other;
};

Ends make_ends() {
    std::array<int, 2> pair{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()), 0);
    return {FrameChannel(UniqueFd(pair[0])), UniqueFd(pair[1])};
}

std::string frame(const std::string& body) {
    std::string bytes(4, '\0');
    for (std::size_t i = 0; i < 4; ++i)
        bytes[i] = static_cast<char>((body.size() >> (8 * i)) & 255);
    return bytes + body;
}

void write_all(const UniqueFd& fd, const std::string& bytes) {
    ASSERT_EQ(::write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
}

void send_fd(const UniqueFd& socket, const std::string& bytes, int fd) {
    std::string copy = bytes;
    iovec part{copy.data(), copy.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* item = CMSG_FIRSTHDR(&header);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(item), &fd, sizeof(int));
    ASSERT_EQ(::sendmsg(socket.get(), &header, 0), static_cast<ssize_t>(copy.size()));
}

TEST(FrameChannelTest, ALargeFrameComesInPiecesAndIsThereWhenNothingIsLeftToRead) {
    auto [channel, other] = make_ends();
    write_all(other, frame(json{{"text", std::string(100'000, 'x')}}.dump()));
    other.reset();
    std::size_t frames = 0;
    int pieces = 0;
    while (!channel.drained()) {
        const auto got = channel.receive();
        ASSERT_TRUE(got);
        frames += got->size();
        ++pieces;
    }
    EXPECT_EQ(frames, 1U);
    EXPECT_GT(pieces, 2) << "the first piece had no whole frame in it";
    EXPECT_TRUE(channel.at_end());
}

TEST(FrameChannelTest, WhatIsSentComesOutAtTheOtherEnd) {
    auto [channel, other] = make_ends();
    FrameChannel peer(std::move(other));
    const json message{{"op", "run"}, {"text", "ğüşöç \u0001"}, {"big", 18446744073709551615U}};
    ASSERT_TRUE(channel.send(message));
    const auto got = peer.receive();
    ASSERT_TRUE(got);
    ASSERT_EQ(got->size(), 1U);
    EXPECT_EQ(got->front(), message);
    EXPECT_FALSE(peer.at_end());
}

TEST(FrameChannelTest, FramesMayComeInAnyPieces) {
    auto [channel, other] = make_ends();
    const std::string bytes = frame(R"({"n": 1})") + frame(R"({"n": 2})");
    int seen = 0;
    for (const char byte : bytes) {
        write_all(other, std::string(1, byte));
        const auto got = channel.receive();
        ASSERT_TRUE(got);
        for (const json& one : *got) EXPECT_EQ(one["n"], ++seen);
    }
    EXPECT_EQ(seen, 2);
}

TEST(FrameChannelTest, AMessageLargerThanTheSocketWaitsUntilItIsRead) {
    auto [channel, other] = make_ends();
    FrameChannel peer(std::move(other));
    const json message{{"text", std::string(3'000'000, 'x')}};
    ASSERT_TRUE(channel.send(message));
    EXPECT_TRUE(channel.has_unsent());
    std::vector<json> got;
    while (got.empty()) {
        ASSERT_TRUE(channel.flush());
        auto more = peer.receive();
        ASSERT_TRUE(more);
        got = std::move(*more);
    }
    EXPECT_EQ(got.front(), message);
    EXPECT_FALSE(channel.has_unsent());
}

TEST(FrameChannelTest, TextThatIsNotUtf8DoesNotStopTheMessage) {
    auto [channel, other] = make_ends();
    FrameChannel peer(std::move(other));
    ASSERT_TRUE(channel.send({{"path",
                               "a\xff"
                               "b"}}));
    const auto got = peer.receive();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->at(0)["path"],
              "a\xEF\xBF\xBD"
              "b");
}

TEST(FrameChannelTest, AFrameThatClaimsToBeHugeIsRefusedBeforeItIsRead) {
    auto [channel, other] = make_ends();
    write_all(other, std::string("\xff\xff\xff\x7f", 4));
    EXPECT_FALSE(channel.receive());
}

TEST(FrameChannelTest, WhatIsNoJsonObjectIsRefused) {
    for (const char* body : {"[1]", "nonsense", "\"text\"", ""}) {
        auto [channel, other] = make_ends();
        write_all(other, frame(body));
        EXPECT_FALSE(channel.receive()) << body;
    }
}

TEST(FrameChannelTest, DeeplyNestedJsonIsNoWayToCrashUs) {
    auto [channel, other] = make_ends();
    write_all(other, frame(std::string(50'000, '[')));
    EXPECT_FALSE(channel.receive());
}

TEST(FrameChannelTest, TheEndIsToldAfterTheLastMessage) {
    auto [channel, other] = make_ends();
    write_all(other, frame(R"({"last": true})"));
    other.reset();
    auto got = channel.receive();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->size(), 1U);
    got = channel.receive();
    ASSERT_TRUE(got);
    EXPECT_TRUE(got->empty());
    EXPECT_TRUE(channel.at_end());
}

TEST(FrameChannelTest, SendingToAnEndThatIsGoneIsAnErrorAndNoSignal) {
    auto [channel, other] = make_ends();
    other.reset();
    const auto sent = channel.send({{"op", "reply"}});
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().os_error, EPIPE);
}

TEST(FrameChannelTest, DescriptorsComeInTheirOrder) {
    auto [channel, other] = make_ends();
    const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const UniqueFd zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
    send_fd(other, frame(R"({"op": "follow"})"), zero.get());
    send_fd(other, frame(R"({"op": "follow"})"), null.get());
    std::size_t frames = 0;
    while (frames < 2) {
        const auto got = channel.receive();
        ASSERT_TRUE(got);
        frames += got->size();
    }
    char byte = 'x';
    const auto first = channel.take_fd();
    ASSERT_TRUE(first);
    EXPECT_EQ(::read(first->get(), &byte, 1), 1);
    const auto second = channel.take_fd();
    ASSERT_TRUE(second);
    EXPECT_EQ(::read(second->get(), &byte, 1), 0);
    EXPECT_FALSE(channel.take_fd());
}

TEST(FrameChannelTest, AFloodOfDescriptorsEndsTheChannel) {
    auto [channel, other] = make_ends();
    const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    bool refused = false;
    for (std::size_t i = 0; i <= FrameChannel::max_fds && !refused; ++i) {
        send_fd(other, frame("{}"), null.get());
        refused = !channel.receive();
    }
    EXPECT_TRUE(refused);
}

}  // namespace
}  // namespace comar
