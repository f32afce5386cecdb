// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "bus/connection.h"
#include "core/result.h"
#include "loop/loop.h"

namespace comar::bus {

struct PeerServerOptions {
    std::string path;    ///< of the socket; at most 107 bytes, unix(7)
    mode_t mode = 0666;  ///< each call is authorized, so connecting needs no right of its own
    std::vector<std::string> names;  ///< well-known names that we answer for
    std::size_t max_connections = 512;
    /// Of one user; root and the user that we run as may take what is there.
    std::size_t max_connections_per_user = 256;
    /// Kept free for root and the user that we run as.
    std::size_t reserved_connections = 32;
    ConnectionLimits limits = {};
};

/// Who gets a signal.
enum class Audience {
    all,          ///< those that are not bus clients, too, for they cannot ask for signals
    subscribers,  ///< those alone that have added a match rule for it
};

/// The private bus: a Unix socket that speaks D-Bus from peer to peer, and enough of a bus
/// (BusDriver) that ordinary clients take it for one. Every client gets a unique name ":1.N".
class PeerServer {
public:
    /// Our own unique name on the private bus.
    static constexpr std::string_view unique_name = ":1.0";

    /// Creates the socket; one that a dead comard left is replaced. busy: somebody serves there;
    /// invalid: something other than a socket is there, or the path is too long.
    static Result<PeerServer> listen(Loop& loop, PeerServerOptions options);

    PeerServer(PeerServer&&) noexcept;
    PeerServer& operator=(PeerServer&&) noexcept;
    /// Closes all connections and removes the socket, if it is still the one that was created.
    ~PeerServer();

    /// For every call of every client that is not for the bus driver.
    void set_handler(Connection::CallHandler handler);
    /// A client has gone; `client_name` is what caller_name() said of it, never used again.
    void on_client_gone(std::function<void(const std::string& client_name)> callback);

    /// Clients cannot be accepted, for lack of file descriptors for example; it goes on by itself.
    void on_accept_failed(std::function<void(const Error& error)> callback);

    /// Sends a signal to each client that wants it: those that are not bus clients (they said no
    /// Hello), and those that added a match rule for it. A client that does not read is dropped.
    /// `fill` appends the arguments; it is called once, or not at all when nobody listens. Its
    /// error is the only one.
    Result<> broadcast(const std::string& path, const std::string& interface,
                       const std::string& member,
                       const std::function<Result<>(Message& signal)>& fill,
                       Audience audience = Audience::all);

    /// Ends it, but for its socket, which goes on listening: for another process to serve.
    [[nodiscard]] UniqueFd hand_over();

    /// Whether any client has a match rule for that signal.
    [[nodiscard]] bool has_subscribers(std::string_view interface, std::string_view member) const;

    /// Null: no such client.
    [[nodiscard]] std::shared_ptr<Connection> find(const std::string& client_name) const;
    [[nodiscard]] std::vector<std::shared_ptr<Connection>> connections() const;
    [[nodiscard]] const std::string& path() const;

private:
    struct State;
    explicit PeerServer(std::unique_ptr<State> state) noexcept;

    std::unique_ptr<State> state_;
};

}  // namespace comar::bus
