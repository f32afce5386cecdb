// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/connection.h"
#include "bus/slot.h"
#include "core/result.h"
#include "loop/io_watch.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "os/unique_fd.h"

namespace comar {

/// comard on the machine's message bus: takes its name there when the bus comes, follows it when it
/// restarts, and knows the users behind the senders.
class SystemBus {
public:
    struct Options {
        std::string address;  ///< "unix:path=/run/dbus/system_bus_socket"
        std::string name;     ///< to take there
    };
    using UidCallback = std::function<void(std::optional<uid_t>)>;

    SystemBus(Loop& loop, Options options, bus::Connection::CallHandler handler,
              std::function<void(const std::string& sender)> sender_gone);
    SystemBus(const SystemBus&) = delete;
    SystemBus& operator=(const SystemBus&) = delete;

    /// Connects, now or when the bus is there.
    void start();

    /// Asks the bus who the sender is; empty where it cannot tell. The answer is kept until the
    /// sender leaves.
    void uid_of(const std::string& sender, UidCallback callback);

    /// Null while there is no bus.
    [[nodiscard]] const std::shared_ptr<bus::Connection>& connection() const { return connection_; }

private:
    void connect();
    void request_name();
    void on_ready();
    void on_lost();
    void watch_for_socket();
    void on_name_owner_changed(bus::Message& message);
    void on_uid(const std::string& sender, bus::Message& reply);

    Loop& loop_;
    Options options_;
    bus::Connection::CallHandler handler_;
    std::function<void(const std::string&)> sender_gone_;
    std::shared_ptr<bus::Connection> connection_;
    bool announced_ = false;
    bus::Slot name_;
    bus::Slot owner_changes_;
    std::map<std::string, uid_t> uids_;
    struct Question {
        bus::Slot slot;
        std::vector<UidCallback> callbacks;
    };
    std::map<std::string, Question> questions_;
    Timer retry_;
    std::chrono::milliseconds retry_after_{0};
    UniqueFd folder_events_;
    std::optional<IoWatch> folder_watch_;
};

}  // namespace comar
