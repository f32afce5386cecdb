// SPDX-License-Identifier: MIT
#include "cli/bus.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <deque>

#include <poll.h>
#include <unistd.h>

namespace comar::cli {
namespace {

constexpr const char* bus_name = "tr.org.pardus.comar";
constexpr std::uint64_t reading_microseconds = 60'000'000;

CallFailure gone() {
    return {std::string(unreachable_name), "comard went away before it had answered"};
}

CallFailure not_sent(int error) {
    return {SD_BUS_ERROR_INVALID_ARGS,
            std::string("the question cannot be sent: ") + std::strerror(error)};
}

CallFailure failure_in(sd_bus_message* message) {
    const sd_bus_error* error = sd_bus_message_get_error(message);
    return {error->name, error->message == nullptr ? "" : error->message};
}

/// The calls under way: sd-bus calls back from inside its own work, so answers are kept until it
/// is done, and only then handed on to code that may use the bus again.
class Answers {
public:
    Answers(sd_bus* bus, std::size_t count) : bus_(bus), places_(count) {
        for (std::size_t i = 0; i < count; ++i) {
            places_[i].answers = this;
            places_[i].index = i;
        }
    }
    Answers(const Answers&) = delete;
    Answers& operator=(const Answers&) = delete;
    ~Answers() = default;

    void send(std::size_t index, Message message, std::uint64_t microseconds) {
        if (!message) return fail(index, not_sent(EINVAL));
        sd_bus_slot* slot = nullptr;
        const int r =
            sd_bus_call_async(bus_, &slot, message.get(), on_reply, &places_[index], microseconds);
        places_[index].slot.reset(slot);
        if (r < 0) fail(index, sd_bus_is_open(bus_) > 0 ? not_sent(-r) : gone());
    }

    /// Lets sd-bus work until an answer is there.
    void wait() {
        while (arrived_.empty()) {
            int r = sd_bus_process(bus_, nullptr);
            if (r == 0) r = sd_bus_wait(bus_, UINT64_MAX);
            if (r < 0 && r != -EINTR) fail_all();
        }
    }

    [[nodiscard]] std::pair<std::size_t, Reply> take() {
        auto answer = std::move(arrived_.front());
        arrived_.pop_front();
        return answer;
    }

private:
    struct SlotRelease {
        void operator()(sd_bus_slot* slot) const noexcept { sd_bus_slot_unref(slot); }
    };
    struct Place {
        Answers* answers = nullptr;
        std::size_t index = 0;
        bool answered = false;
        /// Nothing is called back once it is gone.
        std::unique_ptr<sd_bus_slot, SlotRelease> slot = nullptr;
    };

    static int on_reply(sd_bus_message* message, void* place, sd_bus_error*) noexcept {
        const auto* where = static_cast<const Place*>(place);
        where->answers->arrive(where->index, message);
        return 0;
    }

    void arrive(std::size_t index, sd_bus_message* message) {
        if (sd_bus_message_is_method_error(message, nullptr) == 0)
            return put(index, Message(sd_bus_message_ref(message)));
        // Where the connection ends, sd-bus answers in comard's place.
        fail(index, sd_bus_is_open(bus_) > 0 ? failure_in(message) : gone());
    }

    void fail(std::size_t index, CallFailure failure) {
        put(index, tl::unexpected<CallFailure>(std::move(failure)));
    }
    void fail_all() {
        for (std::size_t i = 0; i < places_.size(); ++i)
            if (!places_[i].answered) fail(i, gone());
    }
    void put(std::size_t index, Reply reply) {
        places_[index].answered = true;
        arrived_.emplace_back(index, std::move(reply));
    }

    sd_bus* bus_;
    std::vector<Place> places_;
    std::deque<std::pair<std::size_t, Reply>> arrived_;
};

/// Waits for comard, or for the reader of the standard output to leave. False: that one has left.
bool wait_for_comard(sd_bus* bus) {
    pollfd files[] = {{sd_bus_get_fd(bus), static_cast<short>(sd_bus_get_events(bus)), 0},
                      {STDOUT_FILENO, 0, 0}};
    ::poll(files, std::size(files), -1);  // interrupted or not, the caller looks again
    return files[1].revents == 0;
}

}  // namespace

Result<Bus> Bus::connect_to_socket(const std::string& socket) {
    auto fd = connect_to(socket);
    if (!fd) return Failure(fd.error());
    sd_bus* made = nullptr;
    int r = sd_bus_new(&made);
    Handle bus(made);
    if (r >= 0) r = sd_bus_set_fd(bus.get(), fd->get(), fd->get());
    if (r >= 0) {
        (void)fd->release();  // the bus closes it
        r = sd_bus_start(bus.get());
    }
    if (r < 0) {
        return failure(ErrorKind::internal, "cannot talk to comard: " + std::string(strerror(-r)),
                       -r);
    }
    return Bus(std::move(bus), nullptr);
}

Result<Bus> Bus::connect_to_system_bus() {
    sd_bus* made = nullptr;
    const int r = sd_bus_open_system(&made);
    Handle bus(made);
    if (r < 0) {
        return failure(ErrorKind::unavailable,
                       "cannot connect to the system bus: " + std::string(strerror(-r)), -r);
    }
    return Bus(std::move(bus), bus_name);
}

Result<Bus> Bus::connect(const Address& address, Purpose purpose) {
    if (purpose == Purpose::change && address.or_system_bus && ::geteuid() != 0) {
        auto system = connect_to_system_bus();
        if (system && sd_bus_get_name_creds(system->bus_.get(), bus_name, 0, nullptr) >= 0) {
            return system;
        }
    }
    auto direct = connect_to_socket(address.socket);
    if (direct || !address.or_system_bus) return direct;
    auto system = connect_to_system_bus();
    if (system) return system;
    return failure(direct.error().kind, direct.error().message + "; " + system.error().message);
}

Message Bus::new_method(const Member& member) {
    sd_bus_message* made = nullptr;
    const int r = sd_bus_message_new_method_call(
        bus_.get(), &made, destination_, member.path.c_str(), member.interface, member.name);
    Message message(made);
    if (r < 0) return nullptr;
    sd_bus_message_set_allow_interactive_authorization(message.get(), 1);
    return message;
}

bool Bus::may_ask() const { return destination_ != nullptr && ::geteuid() != 0; }

void Bus::speak(const std::string& language) {
    const Message message = method({"/", bus_name, "setLocale"}, "s", language.c_str());
    if (!message) return;
    sd_bus_message_set_expect_reply(message.get(), 0);
    sd_bus_send(bus_.get(), message.get(), nullptr);
}

Reply Bus::call(Message message, Patience patience) {
    Reply result;
    std::vector<Message> calls;
    calls.push_back(std::move(message));
    call_all(std::move(calls), patience,
             [&](std::size_t, Reply reply) { result = std::move(reply); });
    return result;
}

void Bus::call_all(std::vector<Message> calls, Patience patience, const Answered& answered) {
    const std::uint64_t limit = patience == Patience::job ? UINT64_MAX : reading_microseconds;
    Answers answers(bus_.get(), calls.size());
    for (std::size_t i = 0; i < calls.size(); ++i) answers.send(i, std::move(calls[i]), limit);
    for (std::size_t left = calls.size(); left > 0; --left) {
        answers.wait();
        auto [index, reply] = answers.take();
        answered(index, std::move(reply));
    }
}

int Bus::on_changed(sd_bus_message* message, void* watch, sd_bus_error*) noexcept {
    auto* watching = static_cast<Watch*>(watch);
    const char* service = nullptr;
    const char* state = nullptr;
    if (sd_bus_message_read(message, "ss", &service, &state) >= 0 && !watching->is_over)
        watching->is_over = !watching->changed(service, state);
    return 0;
}

int Bus::on_progress(sd_bus_message* message, void* progressed, sd_bus_error*) noexcept {
    const char* text = nullptr;
    if (sd_bus_message_read(message, "s", &text) >= 0)
        (*static_cast<Progressed*>(progressed))(text);
    return 0;
}

Result<> Bus::watch_progress(Progressed progressed) {
    progressed_ = std::make_unique<Progressed>(std::move(progressed));
    const int r = sd_bus_match_signal(bus_.get(), nullptr, destination_, nullptr,
                                      "tr.org.pardus.comar.Manager", "Progress", on_progress,
                                      progressed_.get());
    if (r >= 0) return {};
    return failure(ErrorKind::internal, std::string("cannot watch: ") + strerror(-r), -r);
}

Result<> Bus::watch_changes(Changed changed) {
    watch_ = std::make_unique<Watch>(std::move(changed));
    const int r = sd_bus_match_signal(bus_.get(), nullptr, destination_, nullptr,
                                      "tr.org.pardus.comar.System.Service", "Changed", on_changed,
                                      watch_.get());
    if (r < 0)
        return failure(ErrorKind::internal, std::string("cannot watch: ") + strerror(-r), -r);
    // An answer proves that comard has this connection among those that get signals.
    const Reply reply = call(method({"/", "org.freedesktop.DBus.Peer", "Ping"}), Patience::reading);
    if (reply) return {};
    return failure(ErrorKind::unavailable, "cannot watch: " + reason_of(reply.error()));
}

Result<> Bus::follow_changes() {
    while (!watch_->is_over) {
        const int r = sd_bus_process(bus_.get(), nullptr);
        if (r < 0 || sd_bus_is_open(bus_.get()) <= 0)
            return failure(ErrorKind::unavailable, "cannot go on watching: comard went away");
        if (r == 0 && !wait_for_comard(bus_.get())) break;
    }
    return {};
}

}  // namespace comar::cli
