// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <utility>

#include <systemd/sd-bus.h>

#include "bus/connection.h"
#include "bus/message.h"

namespace comar::bus {

/// A reply or signals that somebody waits for. For Connection alone.
struct Connection::Wait : std::enable_shared_from_this<Wait> {
    struct ReleaseSlot {
        void operator()(sd_bus_slot* slot) const noexcept { sd_bus_slot_unref(slot); }
    };

    Wait(Connection& owner, MessageHandler on_received, Message waiting_call)
        : connection(owner), callback(std::move(on_received)), call(std::move(waiting_call)) {}

    static int on_message(sd_bus_message* message, void* userdata, sd_bus_error* error) noexcept;

    Connection& connection;
    MessageHandler callback;
    Message call;  ///< that will be answered; empty: signals
    std::unique_ptr<sd_bus_slot, ReleaseSlot> slot;
};

}  // namespace comar::bus
