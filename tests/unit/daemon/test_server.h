// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <sys/socket.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <unistd.h>

#include "os/unique_fd.h"

namespace comar::test {

/// A socket that listens, at a port that the kernel chooses.
class Listener {
public:
    explicit Listener(int family = AF_INET, int backlog = 16) {
        socket_ = UniqueFd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_storage address{};
        socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
        if (family == AF_INET) {
            auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
            v4->sin_family = AF_INET;
            v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        } else {
            auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
            v6->sin6_family = AF_INET6;
            v6->sin6_addr = in6addr_loopback;
        }
        auto* any = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(socket_.get(), any, size), 0);
        EXPECT_EQ(::getsockname(socket_.get(), any, &size), 0);
        // Both families have the port at the same place.
        port_ = ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port);
        if (backlog >= 0) {
            EXPECT_EQ(::listen(socket_.get(), backlog), 0);
        }
    }

    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] UniqueFd accept() const {
        return UniqueFd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    }

private:
    UniqueFd socket_;
    int port_ = 0;
};

inline std::string read_request(int fd) {
    std::string request;
    char piece[512];
    while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t size = ::recv(fd, piece, sizeof piece, 0);
        if (size <= 0) break;
        request.append(piece, static_cast<std::size_t>(size));
    }
    return request;
}

/// Accepts one client, reads its request and says `answer`, in a thread of its own.
class OneAnswer {
public:
    explicit OneAnswer(std::string answer, int family = AF_INET)
        : listener_(family), thread_([this, answer = std::move(answer)] {
              const UniqueFd client = listener_.accept();
              request_ = read_request(client.get());
              for (const char letter : answer) {
                  // In the smallest pieces that there are.
                  if (::send(client.get(), &letter, 1, MSG_NOSIGNAL) != 1) break;
              }
          }) {}
    ~OneAnswer() { join(); }

    [[nodiscard]] int port() const { return listener_.port(); }
    /// What the client has asked for.
    std::string request() {
        join();
        return request_;
    }

private:
    void join() {
        if (thread_.joinable()) thread_.join();
    }

    Listener listener_;
    std::string request_;
    std::thread thread_;
};

}  // namespace comar::test
