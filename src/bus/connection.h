// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <systemd/sd-bus.h>

#include "bus/message.h"
#include "bus/peer_credentials.h"
#include "bus/slot.h"
#include "core/result.h"
#include "loop/io_watch.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "os/unique_fd.h"

namespace comar::bus {

/// How much of our memory a client of the private socket may use.
struct ConnectionLimits {
    /// Outgoing messages that wait for it to read; one more closes the connection. While any
    /// wait, nothing more is read from it, so only signals and late replies can pile up.
    std::size_t queued_messages = 1024;
    /// Bytes of one incoming message. One that is larger and does not come all at once closes the
    /// connection.
    std::size_t message_bytes = std::size_t{1} << 20;
};

/// A D-Bus connection in the loop: to a client of the private socket, or to a bus. Nothing in it
/// waits. Messages with file descriptors are refused.
///
/// sd-bus is driven by hand (sd_bus_process(3), sd_bus_get_events(3)) rather than attached to
/// sd-event: that leaves it to us when to read from a client, and how much. So whatever sends must
/// go through this class, which then looks anew at what to wait for.
///
/// A connection is shared: keep a weak_ptr where an answer may come after the other end has gone.
/// Its call-backs may close it and drop the last pointer to it.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    /// Whether the call is answered, now or later. False: sd-bus answers that there is no such
    /// object.
    using CallHandler = std::function<bool(Connection& connection, Message& call)>;
    using MessageHandler = std::function<void(Message& message)>;

    /// What the two ends of a private connection are called.
    struct Identity {
        std::string server_id;    ///< 32 hexadecimal digits
        std::string unique_name;  ///< the sender of all that we send, unless a message names one
        std::string client_name;  ///< what caller_name() says of this client
    };

    /// Serves the client that was accepted as `socket`. Authentication is EXTERNAL alone: the uid
    /// that the client claims must be the one the kernel knows. A client that takes longer than
    /// 25 s to authenticate is dropped.
    static Result<std::shared_ptr<Connection>> serve(Loop& loop, UniqueFd socket, Identity identity,
                                                     ConnectionLimits limits = {});

    /// Connects to the bus at `address` ("unix:path=/run/dbus/system_bus_socket") and goes on at
    /// once: on_ready() or on_closed() tells how it went. unavailable: nobody listens there.
    static Result<std::shared_ptr<Connection>> connect(Loop& loop, const std::string& address);

    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    /// Hears of every method call, whatever its path and interface: Introspectable, Properties and
    /// ObjectManager too, but not org.freedesktop.DBus.Peer, which sd-bus answers. What the handler
    /// throws is the answer to that call.
    void set_handler(CallHandler handler);
    /// Called once when the other end is authenticated and, on a bus, has told our unique name.
    void on_ready(std::function<void()> callback);
    /// Called once, in an iteration of its own, after the connection was lost or closed for a
    /// limit; not after close(). What waited for replies has got an error before.
    void on_closed(std::function<void()> callback);

    /// Queues a message. What the socket does not take at once waits here. unavailable: the
    /// connection is closed, or this message exceeded the limit and closes it.
    Result<> send(const Message& message);

    /// Sends a call; `callback` gets the reply or an error message, also after `timeout`
    /// (org.freedesktop.DBus.Error.NoReply) and when the connection is lost. Destroying the slot
    /// cancels. A negative timeout: none.
    [[nodiscard]] Result<Slot> call_async(const Message& call, std::chrono::milliseconds timeout,
                                          MessageHandler callback);

    /// Asks the bus for signals that match `rule` (D-Bus specification, "Match Rules") until the
    /// slot is destroyed. Name the sender in the rule: any client may send signals. A bus that
    /// refuses the rule is left.
    [[nodiscard]] Result<Slot> subscribe(const std::string& rule, MessageHandler callback);

    /// Asks for a well-known name, and does not queue for it. The call-back gets an empty result,
    /// or busy: somebody else owns it, or denied: what the bus says.
    [[nodiscard]] Result<Slot> request_name(const std::string& name,
                                            std::function<void(Result<> outcome)> callback);

    /// Drops what is queued. Nothing is called back after this.
    void close();

    [[nodiscard]] bool is_open() const noexcept { return bus_ != nullptr; }
    /// The other end is authenticated, and a bus has told our unique name.
    [[nodiscard]] bool is_ready() const;
    /// Messages that the socket has not taken yet.
    [[nodiscard]] std::size_t queued() const;
    /// On the private socket: who is there.
    [[nodiscard]] const std::optional<PeerCredentials>& peer() const noexcept { return peer_; }
    /// The unique name of whoever sent `message`, never one that a client made up.
    [[nodiscard]] std::string caller_name(const Message& message) const;
    /// Our own unique name; empty before on_ready().
    [[nodiscard]] std::string unique_name() const;

    /// To make messages with; null once closed.
    [[nodiscard]] sd_bus* bus() const noexcept { return bus_.get(); }
    [[nodiscard]] Loop& loop() const noexcept { return loop_; }

private:
    struct CloseBus {
        void operator()(sd_bus* bus) const noexcept { sd_bus_close_unref(bus); }
    };
    using OwnedBus = std::unique_ptr<sd_bus, CloseBus>;
    struct Wait;

    explicit Connection(Loop& loop);

    static Result<OwnedBus> make_bus();
    /// Takes the bus over, starts it and waits for what comes.
    Result<> start(OwnedBus bus, std::string_view doing);
    Result<> watch();
    Result<> update(bool at_once = false);

    void process();
    int process_one();
    void account(std::size_t available, std::size_t unsent);
    [[nodiscard]] std::size_t readable_bytes() const;

    int on_incoming(sd_bus_message* message);
    bool answer(Message& call);
    void become_ready();

    Slot add_wait(const std::shared_ptr<Wait>& wait);
    void lose();
    void release_bus();
    void fail_waits();

    Loop& loop_;
    ConnectionLimits limits_;
    OwnedBus bus_;
    int watched_fd_ = -1;
    /// A copy of it: sd-bus closes its own where it likes, and epoll(7) goes on reporting a file
    /// that is open somewhere else, such as in a child that does not execute its program yet.
    UniqueFd watched_;
    std::optional<IoWatch> watch_;
    Timer timer_;  ///< when sd-bus wants to be called without any event
    std::optional<PeerCredentials> peer_;
    Identity identity_;
    CallHandler handler_;
    std::function<void()> ready_;
    std::function<void()> closed_;
    std::set<std::shared_ptr<Wait>> waits_;
    bool got_message_ = false;       ///< in the current step
    std::size_t partial_bytes_ = 0;  ///< read of a message that has not come whole
};

}  // namespace comar::bus
