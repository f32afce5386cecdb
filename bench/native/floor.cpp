// SPDX-License-Identifier: MIT
// What the machine allows: the least that anybody who does the same work must do.
//
//   bench-floor nothing                       exits at once
//   bench-floor serve SOCKET                  answers each byte that a client sends with that byte
//   bench-floor ask SOCKET                    one such exchange: the least of any command
//   bench-floor start COUNT SERVICE BOARD     posix_spawn of so many services, and ends
//   bench-floor keep COUNT SERVICE BOARD      the same, and again of each that ends
//
// Linked statically.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <spawn.h>
#include <unistd.h>

extern char** environ;

namespace {

enum ExitCode { done = 0, failed = 1, bad_usage = 2 };

sockaddr_un address_of(const char* path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    return address;
}

int serve(const char* path) {
    const sockaddr_un address = address_of(path);
    const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
        return failed;
    if (::listen(server, SOMAXCONN) != 0) return failed;
    while (true) {
        const int client = ::accept4(server, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) return failed;
        char byte = 0;
        while (::read(client, &byte, 1) == 1 && ::write(client, &byte, 1) == 1) {
        }
        ::close(client);
    }
}

int ask(const char* path) {
    const sockaddr_un address = address_of(path);
    const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
        return failed;
    char byte = '?';
    return ::write(server, &byte, 1) == 1 && ::read(server, &byte, 1) == 1 ? done : failed;
}

/// 0: it could not be started.
pid_t start_one(unsigned long number, char* service, char* board) {
    char line[24];
    std::snprintf(line, sizeof(line), "%lu", number);
    char* arguments[] = {service, board, line, nullptr};
    pid_t pid = 0;
    const bool started = ::posix_spawn(&pid, service, nullptr, nullptr, arguments, environ) == 0;
    return started ? pid : 0;
}

int start(unsigned long count, char* service, char* board) {
    for (unsigned long i = 0; i < count; ++i) {
        if (start_one(i, service, board) == 0) return failed;
    }
    return done;
}

int keep(unsigned long count, char* service, char* board) {
    std::vector<pid_t> pids;
    for (unsigned long i = 0; i < count; ++i) pids.push_back(start_one(i, service, board));
    while (true) {
        const pid_t ended = ::waitpid(-1, nullptr, 0);
        if (ended < 0) return failed;
        for (unsigned long i = 0; i < count; ++i) {
            if (pids[i] == ended) pids[i] = start_one(i, service, board);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view command = argc > 1 ? argv[1] : "";
    if (command == "nothing") return done;
    if (command == "serve" && argc == 3) return serve(argv[2]);
    if (command == "ask" && argc == 3) return ask(argv[2]);
    if (command == "start" && argc == 5)
        return start(std::strtoul(argv[2], nullptr, 10), argv[3], argv[4]);
    if (command == "keep" && argc == 5)
        return keep(std::strtoul(argv[2], nullptr, 10), argv[3], argv[4]);
    return bad_usage;
}
