// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include <sys/socket.h>
#include <sys/un.h>

#include <gtest/gtest.h>
#include <systemd/sd-bus.h>

#include "cli/address.h"
#include "os/unique_fd.h"

namespace comar::cli {

/// The other end of a Bus: listens on a private socket in a folder of its own, serves the first
/// client until it leaves or `answer` has enough, and is gone with the object.
class Peer {
public:
    /// Gets each method call. False: closes the connection.
    using Answer = std::function<bool(sd_bus_message* call)>;

    explicit Peer(Answer answer) : answer_(std::move(answer)) {
        std::string name = std::filesystem::temp_directory_path() / "comar-peer-XXXXXX";
        folder_ = ::mkdtemp(name.data());
        address_.socket = folder_ + "/bus";
        listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un local{};
        local.sun_family = AF_UNIX;
        std::memcpy(local.sun_path, address_.socket.c_str(), address_.socket.size() + 1);
        const auto* plain = reinterpret_cast<const sockaddr*>(&local);
        EXPECT_EQ(::bind(listener_.get(), plain, sizeof(local)), 0);
        EXPECT_EQ(::listen(listener_.get(), 1), 0);
        thread_ = std::thread([this] { serve(); });
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    ~Peer() {
        ::shutdown(listener_.get(), SHUT_RDWR);  // where nobody came, accept ends
        thread_.join();
        std::filesystem::remove_all(folder_);
    }

    [[nodiscard]] const Address& address() const { return address_; }

private:
    void serve() {
        const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        sd_bus* bus = nullptr;
        sd_bus_new(&bus);
        sd_bus_set_fd(bus, fd, fd);
        sd_bus_set_server(bus, 1,
                          SD_ID128_MAKE(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16));
        sd_bus_start(bus);
        while (serve_message(bus)) {
        }
        sd_bus_flush_close_unref(bus);
    }

    bool serve_message(sd_bus* bus) {
        sd_bus_message* message = nullptr;
        const int r = sd_bus_process(bus, &message);
        if (r < 0 || sd_bus_is_open(bus) <= 0) return false;
        if (r == 0) return sd_bus_wait(bus, UINT64_MAX) >= 0;
        const bool is_call = sd_bus_message_is_method_call(message, nullptr, nullptr) > 0;
        const bool goes_on = !is_call || answer_(message);
        sd_bus_message_unref(message);
        return goes_on;
    }

    Answer answer_;
    std::string folder_;
    Address address_;
    UniqueFd listener_;
    std::thread thread_;
};

}  // namespace comar::cli
