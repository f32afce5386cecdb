// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <gtest/gtest.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "bus/connection.h"
#include "bus/peer_server.h"
#include "bus/value.h"
#include "loop/io_watch.h"
#include "loop/loop.h"
#include "os/process.h"
#include "os/spawn.h"
#include "unit/os/child_process.h"
#include "unit/os/temporary_folder.h"

namespace comar::bus::test {

/// A client that speaks D-Bus but knows of no bus, in the loop of the test.
class PlainClient {
public:
    PlainClient(Loop& loop, const std::string& address) {
        if (sd_bus_new(&bus_) < 0 || sd_bus_set_address(bus_, address.c_str()) < 0 ||
            sd_bus_start(bus_) < 0 || sd_bus_attach_event(bus_, loop.event(), 0) < 0 ||
            sd_bus_add_filter(bus_, nullptr, on_message, this) < 0)
            ADD_FAILURE() << "cannot connect to " << address;
    }
    PlainClient(const PlainClient&) = delete;
    PlainClient& operator=(const PlainClient&) = delete;
    ~PlainClient() { sd_bus_close_unref(bus_); }

    void call(const char* path, const char* interface, const char* member) {
        sd_bus_message* message = nullptr;
        sd_bus_message_new_method_call(bus_, &message, nullptr, path, interface, member);
        const auto owned = Message::adopt(message);
        EXPECT_GE(sd_bus_call_async(bus_, nullptr, message, on_reply, this, 0), 0);
    }

    void signal(const char* path, const char* interface, const char* member) {
        EXPECT_GE(sd_bus_emit_signal(bus_, path, interface, member, nullptr), 0);
    }

    [[nodiscard]] const std::vector<Message>& replies() const { return replies_; }
    [[nodiscard]] const std::vector<Message>& signals() const { return signals_; }
    [[nodiscard]] bool is_open() const { return sd_bus_is_open(bus_) > 0; }
    [[nodiscard]] sd_bus* bus() const { return bus_; }

private:
    static int on_message(sd_bus_message* message, void* userdata, sd_bus_error*) {
        const auto received = Message::share(message);
        if (received.is_signal() && received.interface() != "org.freedesktop.DBus.Local")
            static_cast<PlainClient*>(userdata)->signals_.push_back(received);
        return 0;
    }
    static int on_reply(sd_bus_message* message, void* userdata, sd_bus_error*) {
        static_cast<PlainClient*>(userdata)->replies_.push_back(Message::share(message));
        return 0;
    }

    sd_bus* bus_ = nullptr;
    std::vector<Message> replies_;
    std::vector<Message> signals_;
};

/// A private bus in this process, with a handler of the test's own. Clients live in the same loop,
/// or are programs that it starts.
class PrivateBusTest : public testing::Test {
protected:
    void listen(PeerServerOptions options = {}) {
        options.path = folder_ / "bus";
        options.names = {"tr.org.pardus.comar"};
        auto server = PeerServer::listen(loop_, std::move(options));
        ASSERT_TRUE(server) << server.error().message;
        server_ = std::make_unique<PeerServer>(std::move(*server));
        server_->set_handler([this](Connection& connection, Message& call) {
            return handler_ && handler_(connection, call);
        });
    }

    [[nodiscard]] std::string address() const { return "unix:path=" + (folder_ / "bus"); }

    /// Runs the loop until `condition` holds; false: it did not within half a minute.
    bool run_until(const std::function<bool()>& condition) {
        const auto end = loop_.now() + std::chrono::seconds(30);
        while (!condition()) {
            const auto left =
                std::chrono::duration_cast<std::chrono::microseconds>(end - loop_.now());
            if (left.count() <= 0) return false;
            sd_event_run(loop_.event(), static_cast<std::uint64_t>(left.count()));
        }
        return true;
    }

    /// A client that takes the private bus for a bus.
    std::shared_ptr<Connection> bus_client() {
        auto client = Connection::connect(loop_, address());
        EXPECT_TRUE(client) << client.error().message;
        EXPECT_TRUE(run_until([&] { return (*client)->is_ready(); }));
        return *client;
    }

    /// What comes back from a call with `arguments`.
    Message call(Connection& client, const std::string& destination, const std::string& path,
                 const std::string& interface, const std::string& member,
                 const std::string& signature = "", const Json& arguments = Json::array()) {
        auto request = Message::method_call(client, destination, path, interface, member);
        EXPECT_TRUE(request);
        EXPECT_TRUE(append_body(request->get(), signature, arguments, {.member = member}));
        Message answer;
        const auto slot = client.call_async(*request, std::chrono::seconds(10),
                                            [&](Message& reply) { answer = reply; });
        EXPECT_TRUE(slot);
        EXPECT_TRUE(run_until([&] { return static_cast<bool>(answer); }));
        return answer;
    }

    Message call_driver(Connection& client, const std::string& member,
                        const std::string& signature = "", const Json& arguments = Json::array()) {
        return call(client, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                    member, signature, arguments);
    }

    /// Connects a plain socket, to say what no library would.
    UniqueFd socket_client() {
        UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const auto path = folder_ / "bus";
        std::copy(path.begin(), path.end(), address.sun_path);
        EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                  0);
        return fd;
    }

    struct Output {
        int exit_code = -1;
        std::string text;  ///< stdout and stderr
    };

    /// Runs a program to its end while the loop serves it. Its environment has the private bus as
    /// the system bus.
    Output run_program(std::vector<std::string> arguments) {
        auto pipe = std::move(make_pipe()).value();
        SpawnRequest request;
        request.arguments = std::move(arguments);
        request.environment =
            std::vector<std::string>{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "PYTHONUNBUFFERED=1",
                                     "DBUS_SYSTEM_BUS_ADDRESS=" + address()};
        request.output = request.error = pipe.write_end.get();
        const auto child = spawn(request);
        EXPECT_TRUE(child) << child.error().message;
        if (!child) return {};
        pipe.write_end.reset();
        Output output;
        bool ended = false;
        auto watch = IoWatch::create(loop_, pipe.read_end.get(), EPOLLIN, [&](std::uint32_t) {
            char bytes[4096];
            const auto size = ::read(pipe.read_end.get(), bytes, sizeof bytes);
            if (size > 0)
                output.text.append(bytes, static_cast<std::size_t>(size));
            else
                ended = true;
        });
        EXPECT_TRUE(watch);
        if (!run_until([&] { return ended; })) {
            ADD_FAILURE() << "no end of " << request.arguments[0] << ": " << output.text;
            if (const auto process = Process::open(child->id)) (void)process->signal(SIGKILL);
        }
        if (watch) watch->disable();
        const int status = comar::test::wait_for(child->id.pid);
        output.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        return output;
    }

    Loop loop_ = std::move(Loop::create()).value();
    comar::test::TemporaryFolder folder_;
    std::unique_ptr<PeerServer> server_;
    Connection::CallHandler handler_;
};

}  // namespace comar::bus::test
