// SPDX-License-Identifier: MIT
// Times several things in turns, so that whatever else the machine does meets all of them alike.
//
//   bench-turns ROUNDS [--bus ADDRESS] -- THING [-- THING]...
//
// A THING is one of
//   run PROGRAM ARGUMENT...                   posix_spawn and wait; its output goes to /dev/null
//   call PATH INTERFACE METHOD [STRING...]    a D-Bus method call, until the reply is there
//   list PATH INTERFACE METHOD                the same with one argument, an empty a{sv}
//
// Prints a JSON array: for each thing what every round took, in nanoseconds. A thing that fails, or
// a program that ends with another code than it did in its first round, ends the whole with 1.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/wait.h>

#include <fcntl.h>
#include <spawn.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "board.h"

extern char** environ;

namespace {

using namespace comar::bench;

constexpr const char* destination = "tr.org.pardus.comar";

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "bench-turns: cannot %s\n", why.c_str());
    std::exit(1);
}

class Program {
public:
    explicit Program(std::vector<char*> words) : words_(std::move(words)) {
        words_.push_back(nullptr);
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    }

    void operator()() {
        pid_t pid = 0;
        int status = 0;
        if (::posix_spawn(&pid, words_[0], &actions_, nullptr, words_.data(), environ) != 0 ||
            ::waitpid(pid, &status, 0) != pid) {
            give_up(std::string("run ") + words_[0]);
        }
        if (status != status_.value_or(status) || !WIFEXITED(status)) {
            give_up(std::string("rely on ") + words_[0] + ": it ended with status " +
                    std::to_string(status));
        }
        status_ = status;
    }

private:
    std::vector<char*> words_;
    posix_spawn_file_actions_t actions_{};
    std::optional<int> status_;  ///< of the first round
};

class Call {
public:
    enum class Arguments { strings, options };

    Call(sd_bus* bus, std::vector<char*> words, Arguments kind)
        : bus_(bus), words_(std::move(words)), kind_(kind) {
        if (words_.size() < 3) give_up("call without path, interface and method");
    }

    void operator()() const {
        sd_bus_message* message = nullptr;
        sd_bus_message* reply = nullptr;
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = sd_bus_message_new_method_call(bus_, &message, destination, words_[0], words_[1],
                                               words_[2]);
        for (std::size_t i = 3; r >= 0 && i < words_.size(); ++i)
            r = sd_bus_message_append_basic(message, 's', words_[i]);
        if (r >= 0 && kind_ == Arguments::options) r = sd_bus_message_append(message, "a{sv}", 0);
        if (r >= 0) r = sd_bus_call(bus_, message, UINT64_MAX, &error, &reply);
        if (r < 0) {
            give_up(std::string("call ") + words_[2] + " of " + words_[0] + ": " +
                    (error.message == nullptr ? std::strerror(-r) : error.message));
        }
        sd_bus_message_unref(message);
        sd_bus_message_unref(reply);
    }

private:
    sd_bus* bus_;
    std::vector<char*> words_;
    Arguments kind_;
};

sd_bus* connect(const char* address) {
    sd_bus* bus = nullptr;
    int r = sd_bus_new(&bus);
    if (r >= 0) r = sd_bus_set_address(bus, address);
    if (r >= 0) r = sd_bus_set_bus_client(bus, 1);
    if (r >= 0) r = sd_bus_start(bus);
    if (r < 0) give_up(std::string("connect to ") + address + ": " + std::strerror(-r));
    return bus;
}

struct Thing {
    std::function<void()> once;
    std::vector<std::uint64_t> nanoseconds{};

    void time() {
        const std::uint64_t begin = monotonic_nanoseconds();
        once();
        nanoseconds.push_back(monotonic_nanoseconds() - begin);
    }
};

Thing make_thing(sd_bus* bus, std::vector<char*> words) {
    const std::string_view kind = words.empty() ? "" : words[0];
    if (words.size() < 2) give_up("understand a thing without arguments");
    words.erase(words.begin());
    if (kind == "run") return {Program(std::move(words))};
    if (bus == nullptr) give_up("call: no bus is given");
    if (kind == "call") return {Call(bus, std::move(words), Call::Arguments::strings)};
    if (kind == "list") return {Call(bus, std::move(words), Call::Arguments::options)};
    give_up("understand '" + std::string(kind) + "'");
}

/// The words between the "--".
std::vector<std::vector<char*>> split(char** words, int count) {
    std::vector<std::vector<char*>> parts(1);
    for (int i = 0; i < count; ++i) {
        if (std::string_view(words[i]) == "--")
            parts.emplace_back();
        else
            parts.back().push_back(words[i]);
    }
    return parts;
}

void print(const std::vector<Thing>& things) {
    const char* next_thing = "[[";
    for (const Thing& thing : things) {
        std::fputs(next_thing, stdout);
        const char* next_number = "";
        for (const std::uint64_t time : thing.nanoseconds) {
            std::printf("%s%llu", next_number, static_cast<unsigned long long>(time));
            next_number = ", ";
        }
        next_thing = "],\n [";
    }
    std::fputs("]]\n", stdout);
}

}  // namespace

int main(int argc, char** argv) {
    const auto parts = split(argv + 1, argc - 1);
    const auto& options = parts[0];
    if (options.empty() || parts.size() < 2) give_up("do nothing: see the top of turns.cpp");
    sd_bus* bus = options.size() == 3 ? connect(options[2]) : nullptr;
    std::vector<Thing> things;
    for (std::size_t i = 1; i < parts.size(); ++i) things.push_back(make_thing(bus, parts[i]));
    for (unsigned long round = std::strtoul(options[0], nullptr, 10); round > 0; --round)
        for (Thing& thing : things) thing.time();
    print(things);
    sd_bus_flush_close_unref(bus);
}
