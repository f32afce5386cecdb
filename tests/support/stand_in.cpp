// SPDX-License-Identifier: MIT
//
// stand-in: behaves like whatever daemon a test needs. tests/README.md tells how tests use it.
//
// What happens, in this order: say and complain, signal another process (--term, --hup), exit at
// once (--exit), become another user, fork into the background, start children, wait for the gate,
// write the pidfile, tell, let the foreground parent go, serve until SIGTERM.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <unistd.h>

namespace {

constexpr char usage[] = R"(usage: stand-in [option]...
  --fork                fork twice and let the caller go once all is set up
  --keep-output         with --fork: keep stdout and stderr instead of /dev/null
  --early               with --fork: let the caller go before anything is set up
  --pidfile PATH        write the pid of the serving process
  --more TEXT           second line of the pidfile
  --remove-pidfile      remove that file at the end
  --wait-for FIFO       read one byte from FIFO before the pidfile is written
  --tell FIFO           write "PID\n" to FIFO once serving
  --signals FIFO        write the name of each signal (HUP, USR1, USR2, INT, TERM) to FIFO
  --children N          start N children that live until they are killed
  --stray               children leave the session and process group
  --workers             children end when the serving process does
  --user NAME           become that user
  --comm NAME           take that name (comm)
  --title TEXT          overwrite the command line, as nginx does
  --say TEXT            print TEXT to stdout
  --complain TEXT       print TEXT to stderr
  --print BYTES         print that many bytes to stdout
  --listen PATH         accept connections on a Unix socket
  --term PROCESS        send SIGTERM to a process: a pid, or the path of a pidfile
  --hup PROCESS         send it SIGHUP
  --exit CODE           exit at once, in the foreground
  --ignore-term         survive SIGTERM
  --on-term-wait FIFO   at SIGTERM, read one byte from FIFO before exiting
  --on-term-delay MS    at SIGTERM, exit only after that time
  --on-term-exit CODE   exit code at SIGTERM; default 0

Where a file PROGRAM.options lies beside the executable, the options are in there, one a line, and
the command line is that of the daemon that is stood in for:
  --fork                as above
  ?WORD --fork          only if WORD is on the command line; !WORD: only if it is not
  --pidfile @WORD       with the argument after WORD; @WORD= : with what follows in the same one;
                        ignored if there is no such argument
)";

struct Options {
    bool fork = false;
    bool keep_output = false;
    bool early = false;
    bool remove_pidfile = false;
    bool ignore_term = false;
    bool stray = false;
    bool workers = false;
    int children = 0;
    int exit_code = -1;
    int on_term_exit = 0;
    int on_term_delay_ms = 0;
    long print_bytes = 0;
    std::string pidfile, more, wait_for, tell, signals, user, comm, title, say, complain, listen,
        term, hup, on_term_wait;
};

[[noreturn]] void die(const std::string& what) {
    std::fprintf(stderr, "stand-in: cannot %s: %s\n", what.c_str(), std::strerror(errno));
    std::exit(70);
}

[[noreturn]] void refuse(std::string_view argument) {
    std::fprintf(stderr, "stand-in: cannot understand '%.*s'\n%s",
                 static_cast<int>(argument.size()), argument.data(), usage);
    std::exit(64);
}

struct Flag {
    std::string_view name;
    bool Options::* set;
};
struct Number {
    std::string_view name;
    int Options::* set;
};
struct Text {
    std::string_view name;
    std::string Options::* set;
};

constexpr Flag flags[] = {
    {"--fork", &Options::fork},
    {"--keep-output", &Options::keep_output},
    {"--early", &Options::early},
    {"--remove-pidfile", &Options::remove_pidfile},
    {"--ignore-term", &Options::ignore_term},
    {"--stray", &Options::stray},
    {"--workers", &Options::workers},
};
constexpr Number numbers[] = {
    {"--children", &Options::children},
    {"--exit", &Options::exit_code},
    {"--on-term-exit", &Options::on_term_exit},
    {"--on-term-delay", &Options::on_term_delay_ms},
};
constexpr Text texts[] = {
    {"--pidfile", &Options::pidfile},   {"--more", &Options::more},
    {"--wait-for", &Options::wait_for}, {"--tell", &Options::tell},
    {"--signals", &Options::signals},   {"--user", &Options::user},
    {"--comm", &Options::comm},         {"--title", &Options::title},
    {"--say", &Options::say},           {"--complain", &Options::complain},
    {"--listen", &Options::listen},     {"--term", &Options::term},
    {"--hup", &Options::hup},           {"--on-term-wait", &Options::on_term_wait},
};

bool take_flag(Options& options, std::string_view name) {
    for (const auto& flag : flags)
        if (flag.name == name) return options.*flag.set = true;
    return false;
}

bool take_value(Options& options, std::string_view name, const char* value) {
    if (name == "--print") return options.print_bytes = std::atol(value), true;
    for (const auto& number : numbers)
        if (number.name == name) return options.*number.set = std::atoi(value), true;
    for (const auto& text : texts)
        if (text.name == name) return options.*text.set = value, true;
    return false;
}

using Words = std::vector<std::string>;

Options parse(const Words& words) {
    Options options;
    for (auto word = words.begin(); word != words.end(); ++word) {
        if (*word == "--help") std::exit(std::fputs(usage, stdout) < 0);
        if (take_flag(options, *word)) continue;
        const auto value = word + 1;
        if (value == words.end() || !take_value(options, *word, value->c_str())) refuse(*word);
        word = value;
    }
    return options;
}

/// What belongs to `word` on a command line: the argument after it, or after its `=` in the same.
std::optional<std::string> argument_of(const std::string& word, const Words& arguments) {
    for (auto argument = arguments.begin(); argument != arguments.end(); ++argument) {
        if (*argument == word && argument + 1 != arguments.end()) return *(argument + 1);
        if (word.ends_with('=') && argument->starts_with(word))
            return argument->substr(word.size());
    }
    return std::nullopt;
}

bool has(const Words& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// Appends the option in a line of PROGRAM.options, if it applies to that command line.
void append_option(const std::string& line, const Words& arguments, Words& options) {
    const auto space = line.find(' ');
    const std::string name = line.substr(0, space);
    const std::string value = space == std::string::npos ? "" : line.substr(space + 1);
    if (name.starts_with('?') || name.starts_with('!')) {
        if (has(arguments, name.substr(1)) == name.starts_with('?'))
            append_option(value, arguments, options);
    } else if (!value.starts_with('@')) {
        options.push_back(name);
        if (!value.empty()) options.push_back(value);
    } else if (const auto found = argument_of(value.substr(1), arguments)) {
        options.insert(options.end(), {name, *found});
    }
}

/// Our options: the arguments, or what PROGRAM.options makes of them.
Words read_options(const Words& arguments) {
    char path[4096];
    const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
    std::ifstream file(std::string(path, length < 0 ? 0 : static_cast<std::size_t>(length)) +
                       ".options");
    if (!file) return arguments;
    Words options;
    for (std::string line; std::getline(file, line);) append_option(line, arguments, options);
    return options;
}

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

/// Children wait in pause(): only a signal with its default action ends them.
void start_children(const Options& options, const sigset_t& original) {
    for (int i = 0; i < options.children; ++i) {
        if (::fork() != 0) continue;
        ::sigprocmask(SIG_SETMASK, &original, nullptr);
        if (options.stray) ::setsid();
        if (options.workers) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) ::pause();
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
    if ((signal != SIGTERM && signal != SIGINT) || (signal == SIGTERM && options.ignore_term))
        return;
    if (!options.on_term_wait.empty()) pass_gate(options.on_term_wait);
    if (options.on_term_delay_ms > 0) ::poll(nullptr, 0, options.on_term_delay_ms);
    if (options.remove_pidfile) ::unlink(options.pidfile.c_str());
    std::exit(options.on_term_exit);
}

[[noreturn]] void serve(const Options& options, int signals, int listener) {
    for (;;) {
        pollfd fds[] = {{signals, POLLIN, 0}, {listener, POLLIN, 0}};
        if (::poll(fds, 2, -1) < 0) continue;
        signalfd_siginfo info{};
        if ((fds[0].revents & POLLIN) != 0 && ::read(signals, &info, sizeof info) == sizeof info)
            obey(options, info.ssi_signo);
        if ((fds[1].revents & POLLIN) != 0) ::close(::accept(listener, nullptr, nullptr));
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
    if (options.fork && !options.keep_output) drop_output();
    if (!options.tell.empty()) tell(options.tell, std::to_string(::getpid()));
    if (caller >= 0 && !options.early) write_all(caller, "+");
    if (caller >= 0) ::close(caller);
    serve(options, signals, listener);
}
