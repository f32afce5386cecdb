// SPDX-License-Identifier: MIT
#include "output/socket_sink.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include <sys/socket.h>
#include <sys/un.h>

#include <gtest/gtest.h>

#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

using namespace std::chrono_literals;
using test::TemporaryFolder;

constexpr WallTime morning =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 4) + 6h + 40min + 12s;

std::string stamped(const std::string& text, Stream stream = Stream::out) {
    return std::string(StampWriter().stamp(morning, stream)) + text + "\n";
}

/// A datagram socket that somebody else listens on.
class Receiver {
public:
    explicit Receiver(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
        EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
                  0);
    }
    [[nodiscard]] std::string next() const {
        std::array<char, 16384> text{};
        const ssize_t size = ::recv(fd_.get(), text.data(), text.size(), MSG_DONTWAIT);
        return size < 0 ? "nothing" : std::string(text.data(), static_cast<std::size_t>(size));
    }

private:
    UniqueFd fd_;
};

class SocketSinkTest : public ::testing::Test {
protected:
    SocketSinkTest() {
        ::setenv("TZ", "UTC", 1);
        ::tzset();
    }
    const TemporaryFolder root_;
    JournalSink journal_{root_.path(), "web"};
    SyslogSink syslog_{root_.path(), "web"};
};

TEST_F(SocketSinkTest, TheJournalGetsAMessageForEachLine) {
    const Receiver receiver(root_ / "run/systemd/journal/socket");
    ASSERT_TRUE(journal_.write(stamped("one") + stamped("two", Stream::err), morning));
    EXPECT_EQ(receiver.next(),
              "PRIORITY=6\nSYSLOG_IDENTIFIER=web\nCOMAR_SERVICE=web\nMESSAGE=one\n");
    EXPECT_EQ(receiver.next(),
              "PRIORITY=4\nSYSLOG_IDENTIFIER=web\nCOMAR_SERVICE=web\nMESSAGE=two\n");
    EXPECT_EQ(receiver.next(), "nothing");
}

TEST_F(SocketSinkTest, SyslogGetsLinesAsItAlwaysDid) {
    const Receiver receiver(root_ / "dev/log");
    ASSERT_TRUE(syslog_.write(stamped("one") + stamped("two", Stream::err), morning));
    EXPECT_EQ(receiver.next(), "<30>Nov  4 06:40:12 web: one");
    EXPECT_EQ(receiver.next(), "<28>Nov  4 06:40:12 web: two");
}

TEST_F(SocketSinkTest, WhereNobodyListensLinesAreCountedAndToldLater) {
    EXPECT_FALSE(syslog_.write(stamped("one") + stamped("two"), morning));
    EXPECT_EQ(syslog_.lost().lines, 2U);
    const Receiver receiver(root_ / "dev/log");
    ASSERT_TRUE(syslog_.write(stamped("three"), morning));
    EXPECT_EQ(receiver.next(),
              "<28>Nov  4 06:40:12 web: comard: 72 bytes (2 lines) were lost: No such file or "
              "directory");
    EXPECT_EQ(receiver.next(), "<30>Nov  4 06:40:12 web: three");
    EXPECT_EQ(syslog_.lost().lines, 2U);
}

TEST_F(SocketSinkTest, WhatDoesNotFitWaitsAndNothingIsOutOfOrder) {
    const Receiver receiver(root_ / "dev/log");
    int sent = 0;
    while (!syslog_.has_waiting()) {
        ASSERT_TRUE(syslog_.write(stamped(std::to_string(sent++)), morning));
    }
    ASSERT_TRUE(syslog_.write(stamped(std::to_string(sent++)), morning));
    for (int i = 0; i < sent; ++i) {
        EXPECT_EQ(receiver.next(), "<30>Nov  4 06:40:12 web: " + std::to_string(i));
        ASSERT_TRUE(syslog_.send_waiting());
    }
    EXPECT_FALSE(syslog_.has_waiting());
    EXPECT_EQ(syslog_.lost().lines, 0U);
}

TEST_F(SocketSinkTest, WhatWaitsIsBounded) {
    const Receiver receiver(root_ / "dev/log");
    const std::string line = stamped(std::string(1000, 'x'));
    int kept = 0;
    while (syslog_.write(line, morning)) ++kept;
    EXPECT_LT(kept, 2000);
    EXPECT_EQ(syslog_.lost().lines, 1U);
    EXPECT_TRUE(syslog_.has_waiting());
}

}  // namespace
}  // namespace comar
