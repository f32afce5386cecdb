// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdlib>

#include <sys/socket.h>

#include <gtest/gtest.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-id128.h>

#include "bus/message.h"
#include "os/unique_fd.h"

namespace comar::bus::test {

/// Makes messages without anybody at the other end.
class MessageFactory {
public:
    MessageFactory() {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) < 0) std::abort();
        other_end_ = UniqueFd(ends[1]);
        if (sd_bus_new(&bus_) < 0 || sd_bus_set_fd(bus_, ends[0], ends[0]) < 0 ||
            sd_bus_start(bus_) < 0)
            std::abort();
    }
    MessageFactory(const MessageFactory&) = delete;
    MessageFactory& operator=(const MessageFactory&) = delete;
    ~MessageFactory() { sd_bus_close_unref(bus_); }

    [[nodiscard]] Message make() const {
        sd_bus_message* message = nullptr;
        if (sd_bus_message_new_method_call(bus_, &message, nullptr, "/", "a.b", "c") < 0)
            std::abort();
        return Message::adopt(message);
    }

    /// Ready to be read.
    static void seal(const Message& message) {
        ASSERT_GE(sd_bus_message_seal(message.get(), 1, 0), 0);
    }

private:
    UniqueFd other_end_;
    sd_bus* bus_ = nullptr;
};

}  // namespace comar::bus::test
