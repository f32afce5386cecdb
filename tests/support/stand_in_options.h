// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

/// The command line of stand-in.
namespace stand_in {

inline constexpr char usage[] = R"(usage: stand-in [option]...
  --fork                fork twice and let the caller go once all is set up
  --keep-output         with --fork: keep stdout and stderr instead of /dev/null
  --early               with --fork: let the caller go before anything is set up
  --pidfile PATH        write the pid of the serving process
  --more TEXT           second line of the pidfile
  --remove-pidfile      remove that file at the end
  --wait-for FIFO       read one byte from FIFO before the pidfile is written
  --notify TEXT         say TEXT at NOTIFY_SOCKET, if there is one, when the pidfile is written;
                        each ; is a new line, %p the pid
  --on-usr1 TEXT        say that at SIGUSR1
  --ready-fd N          write a newline to descriptor N when the pidfile is written, and close it
  --port N              accept connections at port N of 127.0.0.1 from then on
  --tell FIFO           write "PID\n" to FIFO once serving
  --signals FIFO        write the name of each signal (HUP, USR1, USR2, INT, TERM) to FIFO
  --children N          start N children that live until they are killed
  --stray               children leave the session and process group
  --orphans N           start N more that fork twice and leave the session
  --stubborn            children and orphans ignore SIGTERM
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
    bool stubborn = false;
    int children = 0;
    int orphans = 0;
    int ready_fd = -1;
    int port = 0;
    int exit_code = -1;
    int on_term_exit = 0;
    int on_term_delay_ms = 0;
    long print_bytes = 0;
    std::string pidfile, more, wait_for, tell, signals, user, comm, title, say, complain, listen,
        term, hup, on_term_wait, notify, on_usr1;
};

[[noreturn]] inline void die(const std::string& what) {
    std::fprintf(stderr, "stand-in: cannot %s: %s\n", what.c_str(), std::strerror(errno));
    std::exit(70);
}

[[noreturn]] inline void refuse(std::string_view argument) {
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

inline constexpr Flag flags[] = {
    {"--fork", &Options::fork},
    {"--keep-output", &Options::keep_output},
    {"--early", &Options::early},
    {"--remove-pidfile", &Options::remove_pidfile},
    {"--ignore-term", &Options::ignore_term},
    {"--stray", &Options::stray},
    {"--workers", &Options::workers},
    {"--stubborn", &Options::stubborn},
};
inline constexpr Number numbers[] = {
    {"--children", &Options::children},
    {"--orphans", &Options::orphans},
    {"--ready-fd", &Options::ready_fd},
    {"--port", &Options::port},
    {"--exit", &Options::exit_code},
    {"--on-term-exit", &Options::on_term_exit},
    {"--on-term-delay", &Options::on_term_delay_ms},
};
inline constexpr Text texts[] = {
    {"--pidfile", &Options::pidfile},   {"--more", &Options::more},
    {"--wait-for", &Options::wait_for}, {"--tell", &Options::tell},
    {"--signals", &Options::signals},   {"--user", &Options::user},
    {"--comm", &Options::comm},         {"--title", &Options::title},
    {"--say", &Options::say},           {"--complain", &Options::complain},
    {"--listen", &Options::listen},     {"--term", &Options::term},
    {"--hup", &Options::hup},           {"--on-term-wait", &Options::on_term_wait},
    {"--notify", &Options::notify},     {"--on-usr1", &Options::on_usr1},
};

inline bool take_flag(Options& options, std::string_view name) {
    for (const auto& flag : flags)
        if (flag.name == name) return options.*flag.set = true;
    return false;
}

inline bool take_value(Options& options, std::string_view name, const char* value) {
    if (name == "--print") return options.print_bytes = std::atol(value), true;
    for (const auto& number : numbers)
        if (number.name == name) return options.*number.set = std::atoi(value), true;
    for (const auto& text : texts)
        if (text.name == name) return options.*text.set = value, true;
    return false;
}

using Words = std::vector<std::string>;

inline Options parse(const Words& words) {
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
inline std::optional<std::string> argument_of(const std::string& word, const Words& arguments) {
    for (auto argument = arguments.begin(); argument != arguments.end(); ++argument) {
        if (*argument == word && argument + 1 != arguments.end()) return *(argument + 1);
        if (word.ends_with('=') && argument->starts_with(word))
            return argument->substr(word.size());
    }
    return std::nullopt;
}

inline bool has(const Words& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// Appends the option in a line of PROGRAM.options, if it applies to that command line.
inline void append_option(const std::string& line, const Words& arguments, Words& options) {
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
inline Words read_options(const Words& arguments) {
    char path[4096];
    const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
    std::ifstream file(std::string(path, length < 0 ? 0 : static_cast<std::size_t>(length)) +
                       ".options");
    if (!file) return arguments;
    Words options;
    for (std::string line; std::getline(file, line);) append_option(line, arguments, options);
    return options;
}

}  // namespace stand_in
