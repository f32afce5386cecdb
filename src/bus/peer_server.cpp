// SPDX-License-Identifier: MIT
#include "bus/peer_server.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <sys/epoll.h>

#include <systemd/sd-id128.h>
#include <unistd.h>

#include "bus/bus_driver.h"
#include "bus/listening_socket.h"
#include "loop/io_watch.h"
#include "loop/timer.h"
#include "os/system_error.h"

namespace comar::bus {
namespace {

/// Clients taken in one iteration of the loop.
constexpr int accept_batch = 16;
/// How long nobody is accepted after it failed, for lack of file descriptors or memory.
constexpr std::chrono::milliseconds accept_pause{200};

Result<std::string> random_id() {
    sd_id128_t id{};
    if (const int result = sd_id128_randomize(&id); result < 0)
        return system_failure("make the id of the private bus", -result);
    std::array<char, SD_ID128_STRING_MAX> text{};
    return std::string(sd_id128_to_string(id, text.data()));
}

}  // namespace

struct PeerServer::State {
    struct Client {
        std::shared_ptr<Connection> connection;
        BusDriver driver;
    };

    State(Loop& owner, PeerServerOptions wanted, ListeningSocket listening, std::string id)
        : loop(owner),
          options(std::move(wanted)),
          socket(std::move(listening)),
          server_id(std::move(id)),
          pause(loop, [this] { watch->enable(); }) {}

    void accept_some();
    bool accept_one();
    void take(UniqueFd client);
    [[nodiscard]] bool has_room_for(uid_t uid) const;
    bool dispatch(const std::string& name, Connection& connection, Message& call);
    void remove(const std::string& name);

    Loop& loop;
    PeerServerOptions options;
    ListeningSocket socket;
    std::string server_id;
    std::optional<IoWatch> watch;
    Timer pause;
    std::map<std::string, Client, std::less<>> clients;
    std::uint64_t last_number = 0;
    Connection::CallHandler handler;
    std::function<void(const std::string&)> gone;
    std::function<void(const Error&)> accept_failed;
};

void PeerServer::State::accept_some() {
    for (int count = 0; count < accept_batch; ++count)
        if (!accept_one()) return;
}

/// False: no more for now.
bool PeerServer::State::accept_one() {
    auto client = socket.accept();
    if (!client) {
        watch->disable();
        pause.arm(accept_pause);
        if (accept_failed) accept_failed(client.error());
        return false;
    }
    if (!*client) return false;
    take(std::move(*client));
    return true;
}

/// Whom it cannot serve it hangs up on; there is nobody else to tell.
void PeerServer::State::take(UniqueFd client) {
    const auto peer = peer_credentials_of(client.get());
    if (!peer || !has_room_for(peer->uid)) return;
    const Connection::Identity identity{server_id, std::string(unique_name),
                                        ":1." + std::to_string(++last_number)};
    const auto connection = Connection::serve(loop, std::move(client), identity, options.limits);
    if (!connection) return;
    const auto& name = identity.client_name;
    (*connection)->set_handler([this, name](Connection& from, Message& call) {
        return dispatch(name, from, call);
    });
    (*connection)->on_closed([this, name] { remove(name); });
    clients.emplace(name, Client{*connection, BusDriver(options.names, identity)});
}

bool PeerServer::State::has_room_for(uid_t uid) const {
    if (uid == 0 || uid == ::geteuid()) return clients.size() < options.max_connections;
    const auto same_user = std::count_if(clients.begin(), clients.end(), [&](const auto& client) {
        return client.second.connection->peer()->uid == uid;
    });
    return static_cast<std::size_t>(same_user) < options.max_connections_per_user &&
           clients.size() + options.reserved_connections < options.max_connections;
}

bool PeerServer::State::dispatch(const std::string& name, Connection& connection, Message& call) {
    const auto client = clients.find(name);
    if (client == clients.end()) return false;
    if (client->second.driver.handle(connection, call)) return true;
    return handler && handler(connection, call);
}

void PeerServer::State::remove(const std::string& name) {
    if (clients.erase(name) > 0 && gone) gone(name);
}

Result<PeerServer> PeerServer::listen(Loop& loop, PeerServerOptions options) {
    auto id = random_id();
    if (!id) return Failure(id.error());
    auto socket = ListeningSocket::create(options.path, options.mode);
    if (!socket) return Failure(socket.error());
    auto state =
        std::make_unique<State>(loop, std::move(options), std::move(*socket), std::move(*id));
    auto watch = IoWatch::create(loop, state->socket.fd(), EPOLLIN,
                                 [raw = state.get()](std::uint32_t) { raw->accept_some(); });
    if (!watch) return Failure(watch.error());
    state->watch.emplace(std::move(*watch));
    return PeerServer(std::move(state));
}

PeerServer::PeerServer(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
PeerServer::PeerServer(PeerServer&&) noexcept = default;

PeerServer& PeerServer::operator=(PeerServer&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}

PeerServer::~PeerServer() {
    if (!state_) return;
    for (auto& [name, client] : state_->clients) client.connection->close();
}

void PeerServer::set_handler(Connection::CallHandler handler) {
    state_->handler = std::move(handler);
}

void PeerServer::on_client_gone(std::function<void(const std::string&)> callback) {
    state_->gone = std::move(callback);
}

void PeerServer::on_accept_failed(std::function<void(const Error&)> callback) {
    state_->accept_failed = std::move(callback);
}

Result<> PeerServer::broadcast(const std::string& path, const std::string& interface,
                               const std::string& member,
                               const std::function<Result<>(Message& signal)>& fill,
                               Audience audience) {
    // The same message goes to all: sd-bus marshals it once.
    std::optional<Message> signal;
    for (auto& [name, client] : state_->clients) {
        const bool wants = client.driver.asks_for(interface, member) ||
                           (audience == Audience::all && !client.driver.can_ask());
        if (!client.connection->is_ready() || !wants) continue;
        if (!signal) {
            auto made = Message::signal(*client.connection, path, interface, member);
            if (!made) return Failure(made.error());
            if (auto filled = fill(*made); !filled) return filled;
            signal = std::move(*made);
        }
        (void)client.connection->send(*signal);  // who does not read is dropped by that
    }
    return {};
}

UniqueFd PeerServer::hand_over() {
    state_->watch.reset();
    // What was said to them leaves first; they come back when they want to know more.
    for (auto& [name, client] : state_->clients) client.connection->close();
    return state_->socket.release();
}

bool PeerServer::has_subscribers(std::string_view interface, std::string_view member) const {
    return std::any_of(state_->clients.begin(), state_->clients.end(), [&](const auto& item) {
        return item.second.driver.asks_for(interface, member);
    });
}

std::shared_ptr<Connection> PeerServer::find(const std::string& client_name) const {
    const auto client = state_->clients.find(client_name);
    return client == state_->clients.end() ? nullptr : client->second.connection;
}

std::vector<std::shared_ptr<Connection>> PeerServer::connections() const {
    std::vector<std::shared_ptr<Connection>> connections;
    for (const auto& [name, client] : state_->clients) connections.push_back(client.connection);
    return connections;
}

const std::string& PeerServer::path() const { return state_->socket.path(); }

}  // namespace comar::bus
