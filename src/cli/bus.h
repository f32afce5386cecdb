// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <systemd/sd-bus.h>
#include <tl/expected.hpp>

#include "cli/address.h"
#include "cli/failure.h"

namespace comar::cli {

struct MessageRelease {
    void operator()(sd_bus_message* message) const noexcept { sd_bus_message_unref(message); }
};
/// One D-Bus message; empty where it could not be made.
using Message = std::unique_ptr<sd_bus_message, MessageRelease>;

using Reply = tl::expected<Message, CallFailure>;

/// Gets the answer to calls[index].
using Answered = std::function<void(std::size_t index, Reply reply)>;

/// Gets `service` and `state` of System.Service.Changed. False: has seen enough.
using Changed = std::function<bool(std::string_view service, std::string_view state)>;

/// Gets how far a boot or the like is.
using Progressed = std::function<void(std::string_view json)>;

/// How long to wait for an answer.
enum class Patience {
    reading,  ///< a minute: comard answers from what it knows, or ends what is slow
    job,      ///< for ever: comard's own time limits end it (comard(8))
};

/// Whether a command only reads, or may need an authorization.
enum class Purpose { read, change };

/// A member of an object of comard.
struct Member {
    std::string path;
    const char* interface;
    const char* name;
};

/// A connection to comard: raw D-Bus to its private socket, or the system bus.
///
/// A command connects, says which language it wants its texts in, sends its calls without waiting
/// in between, and takes the answers as they come. Foreign text is not escaped here.
class Bus {
public:
    /// unavailable: no comard there. denied: not for this user. polkit knows the callers on the
    /// system bus only, so whoever is not root goes there to change something.
    static Result<Bus> connect(const Address& address, Purpose purpose = Purpose::read);

    /// Whether comard may have this user asked for a password.
    [[nodiscard]] bool may_ask() const;

    /// Tells comard the language for the texts of later answers. It is not waited for.
    void speak(const std::string& language);

    /// A call of that member with arguments as sd_bus_message_append(3) takes them.
    template <class... Arguments>
    [[nodiscard]] Message method(const Member& member, const char* types = "",
                                 Arguments... arguments) {
        Message message = new_method(member);
        if (message && sd_bus_message_append(message.get(), types, arguments...) < 0)
            message.reset();
        return message;
    }

    /// One call, waited for.
    [[nodiscard]] Reply call(Message message, Patience patience);

    /// Sends all at once and returns when each was answered.
    void call_all(std::vector<Message> calls, Patience patience, const Answered& answered);

    /// Hears how far a boot or the like is, as JSON (docs/dbus.md), while calls are waited for.
    Result<> watch_progress(Progressed progressed);

    /// From its return on no change of a service's state is missed.
    Result<> watch_changes(Changed changed);

    /// Hands over the changes until it was enough, or nobody reads the standard output any more.
    /// unavailable: comard went away.
    Result<> follow_changes();

private:
    struct BusRelease {
        void operator()(sd_bus* bus) const noexcept { sd_bus_close_unref(bus); }
    };
    using Handle = std::unique_ptr<sd_bus, BusRelease>;

    Bus(Handle bus, const char* destination) : bus_(std::move(bus)), destination_(destination) {}
    static Result<Bus> connect_to_socket(const std::string& socket);
    static Result<Bus> connect_to_system_bus();
    [[nodiscard]] Message new_method(const Member& member);

    struct Watch {
        Changed changed;
        bool is_over = false;
    };
    static int on_progress(sd_bus_message* message, void* progressed, sd_bus_error* error) noexcept;
    static int on_changed(sd_bus_message* message, void* watch, sd_bus_error* error) noexcept;

    std::unique_ptr<Watch> watch_;            ///< outlives bus_, which points to it
    std::unique_ptr<Progressed> progressed_;  ///< the same
    Handle bus_;
    const char* destination_;  ///< null on the private socket, where there is only comard
};

}  // namespace comar::cli
