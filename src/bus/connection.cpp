// SPDX-License-Identifier: MIT
#include "bus/connection.h"

#include <new>
#include <utility>

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <systemd/sd-id128.h>

#include "bus/connection_wait.h"
#include "os/system_error.h"

namespace comar::bus {
namespace {

/// Messages of one connection in one iteration of the loop, before the others have their turn.
constexpr int batch = 16;
/// Outgoing messages that a bus may leave unread; the socket itself takes some megabytes before.
constexpr std::size_t bus_queue_limit = 16384;
/// Bytes that the kernel keeps for a client that does not read. sd-bus asks for 8 MiB.
constexpr int client_socket_buffer = 128 * 1024;

constexpr const char* local_interface = "org.freedesktop.DBus.Local";
constexpr std::string_view peer_interface = "org.freedesktop.DBus.Peer";

std::uint32_t epoll_events(int poll_events) {
    return ((poll_events & POLLIN) != 0 ? std::uint32_t{EPOLLIN} : 0U) |
           ((poll_events & POLLOUT) != 0 ? std::uint32_t{EPOLLOUT} : 0U);
}

/// What the bus answered to RequestName.
Result<> name_outcome(const std::string& name, const Message& reply) {
    constexpr std::uint32_t primary_owner = 1;
    constexpr std::uint32_t already_owner = 4;
    const auto doing = "cannot own the name " + name + ": ";
    std::uint32_t answer = 0;
    if (reply.is_error()) return failure(ErrorKind::denied, doing + reply.error().text);
    if (sd_bus_message_read_basic(reply.get(), 'u', &answer) < 0)
        return failure(ErrorKind::internal, doing + "the bus gave no answer");
    if (answer == primary_owner || answer == already_owner) return {};
    return failure(ErrorKind::busy, doing + "another program owns it");
}

}  // namespace

Connection::Connection(Loop& loop) : loop_(loop), timer_(loop, [this] { process(); }) {}

Connection::~Connection() { release_bus(); }

Result<Connection::OwnedBus> Connection::make_bus() {
    sd_bus* made = nullptr;
    int result = sd_bus_new(&made);
    OwnedBus bus(made);
    if (result >= 0) result = sd_bus_negotiate_fds(made, 0);
    // Otherwise the end of the loop would flush, which waits.
    if (result >= 0) result = sd_bus_set_close_on_exit(made, 0);
    if (result >= 0) result = sd_bus_set_connected_signal(made, 1);
    if (result < 0) return system_failure("create a D-Bus connection", -result);
    return bus;
}

Result<std::shared_ptr<Connection>> Connection::serve(Loop& loop, UniqueFd socket,
                                                      Identity identity, ConnectionLimits limits) {
    constexpr std::string_view doing = "serve a D-Bus client";
    const auto peer = peer_credentials_of(socket.get());
    if (!peer) return Failure(peer.error());
    auto bus = make_bus();
    if (!bus) return Failure(bus.error());

    sd_id128_t id{};
    int result = sd_id128_from_string(identity.server_id.c_str(), &id);
    if (result >= 0) result = sd_bus_set_fd(bus->get(), socket.get(), socket.get());
    if (result < 0) return system_failure(doing, -result);
    const int fd = socket.release();
    result = sd_bus_set_server(bus->get(), 1, id);
    if (result >= 0) result = sd_bus_set_anonymous(bus->get(), 0);
    if (result >= 0) result = sd_bus_set_sender(bus->get(), identity.unique_name.c_str());
    if (result < 0) return system_failure(doing, -result);

    std::shared_ptr<Connection> connection(new Connection(loop));
    connection->peer_ = *peer;
    connection->identity_ = std::move(identity);
    connection->limits_ = limits;
    if (auto started = connection->start(std::move(*bus), doing); !started)
        return Failure(started.error());
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &client_socket_buffer, sizeof client_socket_buffer);
    return connection;
}

Result<std::shared_ptr<Connection>> Connection::connect(Loop& loop, const std::string& address) {
    const auto doing = "connect to the bus at " + address;
    auto bus = make_bus();
    if (!bus) return Failure(bus.error());
    int result = sd_bus_set_address(bus->get(), address.c_str());
    if (result >= 0) result = sd_bus_set_bus_client(bus->get(), 1);
    if (result < 0) return system_failure(doing, -result);

    std::shared_ptr<Connection> connection(new Connection(loop));
    connection->limits_.queued_messages = bus_queue_limit;
    if (auto started = connection->start(std::move(*bus), doing); !started) {
        started.error().kind = ErrorKind::unavailable;
        return Failure(started.error());
    }
    return connection;
}

Result<> Connection::start(OwnedBus bus, std::string_view doing) {
    const auto on_message = [](sd_bus_message* message, void* userdata, sd_bus_error*) noexcept {
        return static_cast<Connection*>(userdata)->on_incoming(message);
    };
    int result = sd_bus_add_filter(bus.get(), nullptr, on_message, this);
    if (result >= 0) result = sd_bus_start(bus.get());
    if (result < 0) return system_failure(doing, -result);
    bus_ = std::move(bus);
    return update();
}

// ---- in the loop

Result<> Connection::watch() {
    const int fd = sd_bus_get_fd(bus_.get());
    if (fd < 0) return system_failure("watch a D-Bus connection", -fd);
    if (watch_ && watched_fd_ == fd) return {};
    UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!copy) return system_failure("watch a D-Bus connection");
    auto watch = IoWatch::create(loop_, copy.get(), 0, [this](std::uint32_t) { process(); });
    if (!watch) return Failure(watch.error());
    watch_.reset();
    watch_.emplace(std::move(*watch));
    watched_ = std::move(copy);
    watched_fd_ = fd;
    return {};
}

Result<> Connection::update(bool at_once) {
    if (auto watched = watch(); !watched) return watched;
    int events = sd_bus_get_events(bus_.get());
    if (events < 0) events = 0;  // it is closing, and the time-out says so
    if (peer_ && is_ready() && queued() > 0) events &= ~POLLIN;
    watch_->set_events(epoll_events(events));

    std::uint64_t usec = 0;
    if (at_once || sd_bus_get_timeout(bus_.get(), &usec) < 0)
        timer_.arm(std::chrono::nanoseconds::zero());
    else if (usec == UINT64_MAX)
        timer_.disarm();
    else
        timer_.arm(TimePoint(std::chrono::microseconds(usec)));
    return {};
}

void Connection::process() {
    const auto kept = shared_from_this();
    int result = 1;
    for (int step = 0; step < batch && result > 0; ++step) {
        result = process_one();
        if (!bus_) return;  // closed by a call-back
    }
    if (result < 0 || !update(result > 0)) lose();
}

/// One message or one step of sd-bus. Positive: there may be more; negative: the connection is of
/// no use any more.
int Connection::process_one() {
    const auto available = readable_bytes();
    const auto unsent = queued();
    const bool was_ready = is_ready();  // sd-bus itself bounds what comes before
    got_message_ = false;
    const int result = sd_bus_process(bus_.get(), nullptr);
    if (!bus_ || result < 0 || !peer_) return result;
    if (was_ready) account(available, unsent);
    if (partial_bytes_ > limits_.message_bytes) return -EMSGSIZE;
    // Its requests wait until it has read our answers.
    return queued() > 0 ? 0 : result;
}

/// sd-bus keeps what it has read of a message, up to 128 MiB, and does not tell how much. What it
/// could read and yet made no message of is a good measure.
void Connection::account(std::size_t available, std::size_t unsent) {
    if (got_message_) {
        partial_bytes_ = 0;
    } else if (unsent == 0) {
        partial_bytes_ += available;
    } else if (const auto left = readable_bytes(); left < available) {
        partial_bytes_ += available - left;  // it may have written instead of reading
    }
}

std::size_t Connection::readable_bytes() const {
    int bytes = 0;
    if (!peer_ || ::ioctl(sd_bus_get_fd(bus_.get()), FIONREAD, &bytes) < 0) return 0;
    return static_cast<std::size_t>(bytes);
}

// ---- what comes in

int Connection::on_incoming(sd_bus_message* message) {
    got_message_ = true;
    // Only sd-bus itself can say this: a message from outside that claims the interface or the path
    // of org.freedesktop.DBus.Local is malformed to it.
    if (sd_bus_message_is_signal(message, local_interface, "Connected") > 0) {
        loop_.guarded([this] { become_ready(); });
        return 0;
    }
    if (sd_bus_message_is_method_call(message, nullptr, nullptr) <= 0) return 0;
    auto call = Message::share(message);
    if (!handler_ || call.interface() == peer_interface) return 0;
    bool answered = false;
    loop_.guarded([&] { answered = answer(call); });
    return answered ? 1 : 0;
}

/// What goes wrong with one call is the problem of its caller, and of nobody else.
bool Connection::answer(Message& call) {
    try {
        return handler_(*this, call);
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& exception) {
        if (const auto reply = call.error_reply(
                {SD_BUS_ERROR_FAILED, fmt::format("cannot answer: {}", exception.what())}))
            (void)send(*reply);  // gone is gone
        return true;
    }
}

void Connection::become_ready() {
    if (const auto callback = std::exchange(ready_, nullptr)) callback();
}

// ---- what goes out

Result<> Connection::send(const Message& message) {
    if (!bus_)
        return failure(ErrorKind::unavailable, "cannot send a message: the connection is closed");
    const int result = sd_bus_send(bus_.get(), message.get(), nullptr);
    if (queued() > limits_.queued_messages) {
        lose();
        return failure(ErrorKind::unavailable,
                       "cannot send a message: the other end does not read");
    }
    if (!update()) lose();
    if (result < 0) return system_failure("send a message", -result);
    return {};
}

Result<Slot> Connection::call_async(const Message& call, std::chrono::milliseconds timeout,
                                    MessageHandler callback) {
    constexpr std::string_view doing = "call a method";
    if (!bus_) return system_failure(doing, ENOTCONN);
    auto wait = std::make_shared<Wait>(*this, std::move(callback), call);
    const auto usec = std::chrono::microseconds(timeout).count();
    // 0 would be the default of sd-bus.
    const auto limit = usec < 0 ? UINT64_MAX : static_cast<std::uint64_t>(usec + 1);
    sd_bus_slot* slot = nullptr;
    const int result =
        sd_bus_call_async(bus_.get(), &slot, call.get(), Wait::on_message, wait.get(), limit);
    if (result < 0) return system_failure(doing, -result);
    wait->slot.reset(slot);
    if (!update()) lose();
    return add_wait(wait);
}

Result<Slot> Connection::subscribe(const std::string& rule, MessageHandler callback) {
    const auto doing = "subscribe to " + rule;
    if (!bus_) return system_failure(doing, ENOTCONN);
    auto wait = std::make_shared<Wait>(*this, std::move(callback), Message());
    sd_bus_slot* slot = nullptr;
    const int result = sd_bus_add_match_async(bus_.get(), &slot, rule.c_str(), Wait::on_message,
                                              nullptr, wait.get());
    if (result < 0) return system_failure(doing, -result);
    wait->slot.reset(slot);
    if (!update()) lose();
    return add_wait(wait);
}

Result<Slot> Connection::request_name(const std::string& name,
                                      std::function<void(Result<> outcome)> callback) {
    constexpr std::uint32_t do_not_queue = 4;  // D-Bus specification, RequestName
    auto call = Message::method_call(*this, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                     "org.freedesktop.DBus", "RequestName");
    if (!call) return Failure(call.error());
    const int result = sd_bus_message_append(call->get(), "su", name.c_str(), do_not_queue);
    if (result < 0) return system_failure("ask for the name " + name, -result);
    return call_async(*call, std::chrono::seconds(25),
                      [name, callback = std::move(callback)](Message& reply) {
                          callback(name_outcome(name, reply));
                      });
}

Slot Connection::add_wait(const std::shared_ptr<Wait>& wait) {
    waits_.insert(wait);
    return Slot([connection = weak_from_this(), gone = std::weak_ptr<Wait>(wait)] {
        const auto kept = connection.lock();
        const auto waiting = gone.lock();
        if (!kept || kept->waits_.erase(waiting) == 0) return;
        waiting->slot.reset();
        if (kept->bus_ && !kept->update()) kept->lose();
    });
}

int Connection::Wait::on_message(sd_bus_message* message, void* userdata, sd_bus_error*) noexcept {
    const auto wait = static_cast<Wait*>(userdata)->shared_from_this();
    auto& connection = wait->connection;
    connection.got_message_ = true;
    if (wait->call) {
        connection.waits_.erase(wait);  // a reply comes once
        wait->slot.reset();
    }
    connection.loop_.guarded([&] {
        auto received = Message::share(message);
        wait->callback(received);
    });
    return 0;
}

// ---- the end

void Connection::release_bus() {
    watch_.reset();
    watched_.reset();
    timer_.disarm();
    const auto bus = std::move(bus_);
    for (const auto& wait : waits_) wait->slot.reset();
}

void Connection::close() {
    release_bus();
    waits_.clear();
    ready_ = nullptr;
    closed_ = nullptr;
}

void Connection::lose() {
    release_bus();
    loop_.defer([kept = shared_from_this()] {
        kept->fail_waits();
        if (const auto callback = std::exchange(kept->closed_, nullptr)) callback();
    });
}

void Connection::fail_waits() {
    std::erase_if(waits_, [](const auto& wait) { return !wait->call; });
    // One by one: a call-back may cancel others.
    while (!waits_.empty()) {
        const auto wait = waits_.extract(waits_.begin()).value();
        auto error = wait->call.error_reply({SD_BUS_ERROR_NO_REPLY, "the connection was lost"});
        if (error) loop_.guarded([&] { wait->callback(*error); });
    }
}

// ---- what it tells

void Connection::set_handler(CallHandler handler) { handler_ = std::move(handler); }
void Connection::on_ready(std::function<void()> callback) { ready_ = std::move(callback); }
void Connection::on_closed(std::function<void()> callback) { closed_ = std::move(callback); }

bool Connection::is_ready() const { return bus_ && sd_bus_is_ready(bus_.get()) > 0; }

std::size_t Connection::queued() const {
    std::uint64_t messages = 0;
    if (!bus_ || sd_bus_get_n_queued_write(bus_.get(), &messages) < 0) return 0;
    return messages;
}

std::string Connection::caller_name(const Message& message) const {
    return peer_ ? identity_.client_name : std::string(message.sender());
}

std::string Connection::unique_name() const {
    if (peer_) return identity_.unique_name;
    const char* name = nullptr;
    // Before it is ready, sd-bus would wait for the answer.
    if (!is_ready() || sd_bus_get_unique_name(bus_.get(), &name) < 0) return {};
    return name;
}

}  // namespace comar::bus
