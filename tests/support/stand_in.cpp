// SPDX-License-Identifier: MIT
//
// stand-in: behaves like whatever daemon a test needs. tests/README.md tells how tests use it.
//
// What happens, in this order: say and complain, signal another process (--term, --hup), exit at
// once (--exit), become another user, fork into the background, start children, wait for the gate,
// write the pidfile, listen at the port, say that it is ready, tell, let the foreground parent go,
// serve until SIGTERM.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <unistd.h>

#include "stand_in_options.h"

namespace {

using namespace stand_in;

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) die("write");
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

/// Blocks until somebody opens the gate: one byte of the FIFO lets one reader through.
void pass_gate(const std::string& fifo) {
    const int fd = ::open(fifo.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) die("open " + fifo);
    char byte = 0;
    while (::read(fd, &byte, 1) < 0 && errno == EINTR) {
    }
    ::close(fd);
}

void tell(const std::string& fifo, const std::string& line) {
    const int fd = ::open(fifo.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) die("open " + fifo);
    write_all(fd, line + "\n");
    ::close(fd);
}

void print(long bytes) {
    const std::string line = std::string(79, 'x') + "\n";
    for (; bytes > 0; bytes -= static_cast<long>(line.size()))
        write_all(STDOUT_FILENO,
                  std::string_view(line).substr(0, static_cast<std::size_t>(std::min(
                                                       bytes, static_cast<long>(line.size())))));
}

/// Reads /etc/passwd itself: a static program has no NSS.
const passwd* find_user(const std::string& name) {
    std::FILE* const file = std::fopen("/etc/passwd", "re");
    if (file == nullptr) die("read /etc/passwd");
    const passwd* user = ::fgetpwent(file);
    while (user != nullptr && name != user->pw_name) user = ::fgetpwent(file);
    std::fclose(file);
    return user;
}

void become(const std::string& name) {
    const passwd* user = find_user(name);
    if (user == nullptr) die("find user " + name);
    if (::setgroups(0, nullptr) < 0 || ::setgid(user->pw_gid) < 0 || ::setuid(user->pw_uid) < 0)
        die("become " + name);
}

void write_pidfile(const Options& options) {
    const int fd = ::open(options.pidfile.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) die("create " + options.pidfile);
    write_all(fd, std::to_string(::getpid()) + "\n");
    if (!options.more.empty()) write_all(fd, options.more + "\n");
    ::close(fd);
}

/// `process`: a pid, or the path of a pidfile.
void send(int signal, const std::string& process) {
    int pid = 0;
    if (process.starts_with('/'))
        std::ifstream(process) >> pid;
    else
        pid = std::atoi(process.c_str());
    if (pid <= 1 || ::kill(pid, signal) < 0) die("signal " + process);
}

/// sd_notify(3), without its library. Nobody has to listen.
void notify(const std::string& text) {
    const char* path = std::getenv("NOTIFY_SOCKET");
    if (path == nullptr || text.empty()) return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (std::strlen(path) >= sizeof address.sun_path) die("fit NOTIFY_SOCKET");
    std::strcpy(address.sun_path, path);
    std::string said;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_pid = text.compare(i, 2, "%p") == 0;
        said +=
            is_pid ? std::to_string(::getpid()) : std::string(1, text[i] == ';' ? '\n' : text[i]);
        if (is_pid) ++i;
    }
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ::sendto(fd, said.data(), said.size(), 0, reinterpret_cast<sockaddr*>(&address),
             sizeof address);
    ::close(fd);
}

void write_newline(int fd) {
    write_all(fd, "\n");
    ::close(fd);
}

int listen_at_port(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 ||
        ::listen(fd, 16) < 0)
        die("listen at port " + std::to_string(port));
    return fd;
}

int listen_on(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) die("fit " + path);
    std::memcpy(address.sun_path, path.data(), path.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::unlink(path.c_str());  // left behind by a run that was killed
    if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 ||
        ::listen(fd, 16) < 0)
        die("listen on " + path);
    return fd;
}

/// Waits in pause(): only a signal with its default action ends it.
[[noreturn]] void idle(const Options& options, const sigset_t& original) {
    if (options.stubborn) ::signal(SIGTERM, SIG_IGN);
    ::sigprocmask(SIG_SETMASK, &original, nullptr);
    if (options.workers) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) ::pause();
}

void start_children(const Options& options, const sigset_t& original) {
    for (int i = 0; i < options.children; ++i) {
        if (::fork() != 0) continue;
        if (options.stray) ::setsid();
        idle(options, original);
    }
    for (int i = 0; i < options.orphans; ++i) {
        const pid_t between = ::fork();
        if (between > 0) ::waitpid(between, nullptr, 0);
        if (between != 0) continue;
        ::setsid();
        if (::fork() != 0) std::_Exit(0);
        idle(options, original);
    }
}

/// Forks twice. Returns, in the serving process, the fd whose closing lets the caller go.
int go_to_background(const Options& options) {
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) < 0) die("make a pipe");
    const pid_t child = ::fork();
    if (child < 0) die("fork");
    if (child > 0) {
        ::close(ready[1]);
        char byte = 0;
        if (!options.early && ::read(ready[0], &byte, 1) != 1) std::_Exit(71);
        std::_Exit(0);
    }
    ::close(ready[0]);
    ::setsid();
    if (::fork() != 0) std::_Exit(0);
    return ready[1];
}

void drop_output() {
    const int null = ::open("/dev/null", O_RDWR);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
    if (null > STDERR_FILENO) ::close(null);
}

/// Overwrites argv in place, which is what ps and /proc/PID/cmdline show.
void retitle(int argc, char** argv, const std::string& title) {
    char* const first = argv[0];
    char* const end = argv[argc - 1] + std::strlen(argv[argc - 1]) + 1;
    const auto room = static_cast<std::size_t>(end - first);
    std::memset(first, 0, room);
    std::memcpy(first, title.data(), std::min(title.size(), room - 1));
}

std::string_view name_of(std::uint32_t signal) {
    switch (signal) {
        case SIGHUP:
            return "HUP";
        case SIGUSR1:
            return "USR1";
        case SIGUSR2:
            return "USR2";
        case SIGINT:
            return "INT";
        default:
            return "TERM";
    }
}

/// Returns only when it is time to end.
void obey(const Options& options, std::uint32_t signal) {
    if (!options.signals.empty()) tell(options.signals, std::string(name_of(signal)));
    if (signal == SIGUSR1) notify(options.on_usr1);
    if ((signal != SIGTERM && signal != SIGINT) || (signal == SIGTERM && options.ignore_term))
        return;
    if (!options.on_term_wait.empty()) pass_gate(options.on_term_wait);
    if (options.on_term_delay_ms > 0) ::poll(nullptr, 0, options.on_term_delay_ms);
    if (options.remove_pidfile) ::unlink(options.pidfile.c_str());
    std::exit(options.on_term_exit);
}

[[noreturn]] void serve(const Options& options, int signals, int listener, int port) {
    for (;;) {
        pollfd fds[] = {{signals, POLLIN, 0}, {listener, POLLIN, 0}, {port, POLLIN, 0}};
        if (::poll(fds, 3, -1) < 0) continue;
        signalfd_siginfo info{};
        if ((fds[0].revents & POLLIN) != 0 && ::read(signals, &info, sizeof info) == sizeof info)
            obey(options, info.ssi_signo);
        if ((fds[1].revents & POLLIN) != 0) ::close(::accept(listener, nullptr, nullptr));
        if ((fds[2].revents & POLLIN) != 0) ::close(::accept(port, nullptr, nullptr));
    }
}

void speak(const Options& options) {
    if (!options.say.empty()) write_all(STDOUT_FILENO, options.say + "\n");
    if (!options.complain.empty()) write_all(STDERR_FILENO, options.complain + "\n");
    print(options.print_bytes);
}

}  // namespace

int main(int argc, char** argv) {
    const Options options = parse(read_options(Words(argv + 1, argv + argc)));
    speak(options);
    if (!options.term.empty()) send(SIGTERM, options.term);
    if (!options.hup.empty()) send(SIGHUP, options.hup);
    if (options.exit_code >= 0) return options.exit_code;

    sigset_t caught, original;
    ::sigemptyset(&caught);
    for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGTERM})
        ::sigaddset(&caught, signal);
    ::sigprocmask(SIG_BLOCK, &caught, &original);
    ::signal(SIGPIPE, SIG_IGN);

    if (!options.user.empty()) become(options.user);
    const int caller = options.fork ? go_to_background(options) : -1;
    start_children(options, original);
    const int signals = ::signalfd(-1, &caught, SFD_CLOEXEC);
    const int listener = options.listen.empty() ? -1 : listen_on(options.listen);
    if (!options.comm.empty()) ::prctl(PR_SET_NAME, options.comm.c_str());
    if (!options.title.empty()) retitle(argc, argv, options.title);
    if (!options.wait_for.empty()) pass_gate(options.wait_for);
    if (!options.pidfile.empty()) write_pidfile(options);
    const int port = options.port == 0 ? -1 : listen_at_port(options.port);
    if (options.fork && !options.keep_output) drop_output();
    notify(options.notify);
    if (options.ready_fd >= 0) write_newline(options.ready_fd);
    if (!options.tell.empty()) tell(options.tell, std::to_string(::getpid()));
    if (caller >= 0 && !options.early) write_all(caller, "+");
    if (caller >= 0) ::close(caller);
    serve(options, signals, listener, port);
}
