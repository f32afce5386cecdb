// SPDX-License-Identifier: MIT
#include "daemon/prober.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/daemon/test_server.h"
#include "unit/os/temporary_folder.h"

namespace comar {
namespace {

using namespace std::chrono_literals;
using test::Listener;
using test::OneAnswer;
using testing::HasSubstr;
using testing::StartsWith;

/// Long enough for the slowest machine, and never waited for where all is well.
constexpr auto patience = 60s;

Probe tcp(int port, const std::string& host = "127.0.0.1") {
    return {Probe::Kind::tcp, host, port};
}
Probe http(int port, const std::string& path = "/") {
    return {Probe::Kind::http, "http://127.0.0.1:" + std::to_string(port) + path, 0};
}

class ProberTest : public testing::Test {
protected:
    /// What a question to `probe` is answered.
    std::string ask(const Probe& probe, std::chrono::milliseconds timeout = patience) {
        std::optional<std::string> answer;
        const Prober prober(loop_, probe, timeout, [&](const std::string& problem) {
            EXPECT_FALSE(answer) << "answered twice";
            answer = problem;
            // What comes after it in the same moment must not come.
            loop_.defer([&] { loop_.defer([&] { loop_.quit(0); }); });
        });
        EXPECT_FALSE(answer) << "answered before anybody could know";
        EXPECT_TRUE(loop_.run());
        return answer.value_or("no answer at all");
    }

    std::string ask_one(const std::string& says) {
        OneAnswer server(says);
        return ask(http(server.port()));
    }

    Loop loop_ = std::move(Loop::create()).value();
    test::TemporaryFolder folder_;
};

TEST_F(ProberTest, APortThatAcceptsIsWell) {
    const Listener listener;
    EXPECT_EQ(ask(tcp(listener.port())), "");
    EXPECT_EQ(ask(tcp(listener.port(), "localhost")), "");
}

TEST_F(ProberTest, APortOfIpv6ThatAcceptsIsWell) {
    const Listener listener(AF_INET6);
    EXPECT_EQ(ask(tcp(listener.port(), "::1")), "");
}

TEST_F(ProberTest, APortWhereNobodyListensRefuses) {
    const Listener bound(AF_INET, -1);
    EXPECT_THAT(ask(tcp(bound.port())), HasSubstr("refused"));
    EXPECT_THAT(ask(http(bound.port())), HasSubstr("refused"));
}

TEST_F(ProberTest, AHostThatIsNoAddressIsNotLookedUp) {
    EXPECT_THAT(ask(tcp(80, "no-such-host.invalid")), HasSubstr("it is no IP address"));
}

TEST_F(ProberTest, AnUnixSocketThatAcceptsIsWell) {
    const std::string path = folder_.path() + "/socket";
    EXPECT_THAT(ask({Probe::Kind::unix_socket, path, 0}), HasSubstr("No such file"));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_THAT(ask({Probe::Kind::unix_socket, path, 0}), HasSubstr("refused"));
    ASSERT_EQ(::listen(socket.get(), 0), 0);
    EXPECT_EQ(ask({Probe::Kind::unix_socket, path, 0}), "");
    // The one before still waits to be accepted, and there is room for no other.
    EXPECT_NE(ask({Probe::Kind::unix_socket, path, 0}), "") << "it takes nobody";
    // Nobody is there any more, though the file is.
    socket.reset();
    EXPECT_THAT(ask({Probe::Kind::unix_socket, path, 0}), HasSubstr("refused"));
}

TEST_F(ProberTest, APathThatIsTooLongIsAnAnswerToo) {
    EXPECT_THAT(ask({Probe::Kind::unix_socket, "/" + std::string(200, 'x'), 0}),
                HasSubstr("too long"));
}

TEST_F(ProberTest, StatusesFrom200To399AreWell) {
    for (const char* status : {"200 OK", "204 No Content", "301 Moved", "399 Odd", "200"}) {
        EXPECT_EQ(ask_one(std::string("HTTP/1.1 ") + status + "\r\n\r\n"), "") << status;
    }
}

TEST_F(ProberTest, OtherStatusesAreTold) {
    for (const char* status : {"100", "199", "400", "404", "500", "503"}) {
        EXPECT_EQ(ask_one(std::string("HTTP/1.0 ") + status + " Odd\r\n\r\n"),
                  std::string("HTTP status ") + status);
    }
}

TEST_F(ProberTest, WhatIsNoHttpIsNoAnswer) {
    for (const char* answer :
         {"", "\r\n", "hello\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1\r\n", "HTTP/1.1 \r\n",
          "HTTP/1.1 OK 200\r\n", "HTTP/1.1 -200 OK\r\n", "HTTP/1.1 99999999999999999999\r\n",
          "HTTP/1.1 200junk OK\r\n", "+OK 200\r\n", "http/1.1 200 OK\r\n"}) {
        EXPECT_EQ(ask_one(answer), "no HTTP answer") << answer;
    }
}

TEST_F(ProberTest, ALineWithoutEndIsNotReadWithoutEnd) {
    EXPECT_EQ(ask_one(std::string(1 << 16, 'x')), "no HTTP answer");
}

TEST_F(ProberTest, AnAnswerThatBreaksOffInTheMiddleOfItsStatusIsNone) {
    EXPECT_NE(ask_one("HTTP/1.1 20"), "");
    EXPECT_EQ(ask_one("HTTP/1.1"), "no HTTP answer");
}

TEST_F(ProberTest, ItAsksForThePathAndNamesHostAndPort) {
    OneAnswer server("HTTP/1.1 200 OK\r\n\r\n");
    EXPECT_EQ(ask(http(server.port(), "/health?deep=1")), "");
    const std::string request = server.request();
    EXPECT_THAT(request, StartsWith("GET /health?deep=1 HTTP/1."));
    EXPECT_THAT(request,
                HasSubstr("\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
}

TEST_F(ProberTest, AnAddressOfIpv6HasItsBracketsInTheRequest) {
    OneAnswer server("HTTP/1.1 200 OK\r\n\r\n", AF_INET6);
    const std::string host = "[::1]:" + std::to_string(server.port());
    EXPECT_EQ(ask({Probe::Kind::http, "http://" + host + "/", 0}), "");
    EXPECT_THAT(server.request(), HasSubstr("\r\nHost: " + host + "\r\n"));
}

TEST_F(ProberTest, WhoAcceptsAndNeverAnswersIsToldAfterTheTime) {
    const Listener listener;
    const TimePoint before = loop_.now();
    EXPECT_EQ(ask(http(listener.port()), 50ms), "it does not answer");
    EXPECT_GE(loop_.now() - before, 50ms);
}

TEST_F(ProberTest, WhoAnswersTooSlowlyIsToldAfterTheTime) {
    const Listener listener;
    std::optional<UniqueFd> client;
    std::optional<Timer> dribble;
    std::size_t said = 0;
    dribble.emplace(loop_, [&] {
        if (!client) client = listener.accept();
        // A letter now and then, and never a whole line.
        ASSERT_EQ(::send(client->get(), "H", 1, MSG_NOSIGNAL), 1);
        ++said;
        dribble->arm(10ms);
    });
    dribble->arm(10ms);
    EXPECT_EQ(ask(http(listener.port()), 200ms), "it does not answer");
    EXPECT_GT(said, 0U);
}

TEST_F(ProberTest, WhoIsDestroyedNeverAnswers) {
    const Listener listener;
    auto prober = std::make_unique<Prober>(loop_, tcp(listener.port()), patience,
                                           [](const std::string&) { FAIL(); });
    prober.reset();
    Timer end(loop_, [&] { loop_.quit(0); });
    end.arm(20ms);
    EXPECT_TRUE(loop_.run());
}

TEST_F(ProberTest, WhoeverGetsTheAnswerMayDestroyIt) {
    const Listener listener;
    std::unique_ptr<Prober> prober;
    prober = std::make_unique<Prober>(loop_, tcp(listener.port()), patience,
                                      [&](const std::string& problem) {
                                          EXPECT_EQ(problem, "");
                                          prober.reset();
                                          loop_.quit(0);
                                      });
    EXPECT_TRUE(loop_.run());
    EXPECT_FALSE(prober);
}

}  // namespace
}  // namespace comar
