// SPDX-License-Identifier: MIT
#include "os/proc_scan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_set>

#include <sys/stat.h>

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include "os/read_file.h"
#include "os/system_error.h"

namespace comar {

namespace {

constexpr std::size_t line_bytes = 4 * 1024;
constexpr std::size_t arguments_bytes = 64 * 1024;
constexpr std::size_t list_bytes = 4 * 1024 * 1024;

struct CloseFolder {
    void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

std::string file_of(const std::string& proc, pid_t pid, std::string_view name) {
    return fmt::format("{}/{}/{}", proc, pid, name);
}

Failure unreadable(const std::string& path) {
    return failure(ErrorKind::internal, fmt::format("cannot understand {}", path));
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const auto* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stopped != end) return std::nullopt;
    return number;
}

/// The words of `text`, as many as fit; the others are empty.
template <std::size_t count>
std::array<std::string_view, count> split_words(std::string_view text) {
    std::array<std::string_view, count> words;
    for (auto& word : words) {
        text.remove_prefix(std::min(text.find_first_not_of(" \t\n"), text.size()));
        word = text.substr(0, text.find_first_of(" \t\n"));
        text.remove_prefix(word.size());
    }
    return words;
}

/// The rest of the line that begins with `key`.
std::optional<std::string_view> find_line(std::string_view text, std::string_view key) {
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        if (line.starts_with(key)) return line.substr(key.size());
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    return std::nullopt;
}

std::optional<ProcessStat> parse_stat(std::string_view text) {
    // comm may hold blanks, newlines and parentheses; what follows its end are plain fields, so
    // the last parenthesis is the one that closes it.
    const auto open = text.find(" (");
    const auto close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2)
        return std::nullopt;
    const auto fields = split_words<20>(text.substr(close + 1));  // from field 3, the state, on
    const auto pid = parse_number<pid_t>(text.substr(0, open));
    const auto parent = parse_number<pid_t>(fields[1]);
    const auto group = parse_number<pid_t>(fields[2]);
    const auto session = parse_number<pid_t>(fields[3]);
    const auto terminal = parse_number<int>(fields[4]);
    const auto user_ticks = parse_number<std::uint64_t>(fields[11]);
    const auto system_ticks = parse_number<std::uint64_t>(fields[12]);
    const auto start_time = parse_number<std::uint64_t>(fields[19]);
    if (!pid || fields[0].size() != 1 || !parent || !group || !session || !user_ticks ||
        !system_ticks || !start_time)
        return std::nullopt;
    const auto ticks_per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    const auto cpu = (*user_ticks + *system_ticks) * (1'000'000 / ticks_per_second);
    return ProcessStat{.id = {.pid = *pid, .start_time = *start_time},
                       .parent = *parent,
                       .group = *group,
                       .session = *session,
                       .has_terminal = terminal.value_or(0) != 0,
                       .state = fields[0].front(),
                       .comm = std::string(text.substr(open + 2, close - open - 2)),
                       .cpu = std::chrono::microseconds(cpu)};
}

/// The names in a folder that are numbers.
Result<std::vector<pid_t>> list_numbers(const std::string& path) {
    const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path.c_str()));
    if (!folder) return system_failure("list " + path);
    std::vector<pid_t> numbers;
    while (const dirent* entry = ::readdir(folder.get()))
        if (const auto number = parse_number<pid_t>(entry->d_name); number && *number > 0)
            numbers.push_back(*number);
    return numbers;
}

void append_numbers(std::string_view text, std::vector<pid_t>& numbers) {
    while (true) {
        const auto word = split_words<1>(text)[0];
        if (word.empty()) return;
        if (const auto number = parse_number<pid_t>(word)) numbers.push_back(*number);
        text.remove_prefix(static_cast<std::size_t>(word.data() + word.size() - text.data()));
    }
}

/// What the kernel lists for each thread. unavailable: it does not, CONFIG_PROC_CHILDREN.
Result<std::vector<pid_t>> listed_children(pid_t pid, const std::string& proc) {
    const auto threads = list_numbers(file_of(proc, pid, "task"));
    if (!threads) return Failure(threads.error());
    std::vector<pid_t> found;
    bool listed = false;
    for (const pid_t thread : *threads) {
        const auto list =
            read_beginning(file_of(proc, pid, fmt::format("task/{}/children", thread)), list_bytes);
        if (!list) continue;  // that thread has ended
        listed = true;
        append_numbers(*list, found);
    }
    if (!listed) return failure(ErrorKind::unavailable, "cannot find lists of children");
    return found;
}

/// Those that are gone by now are left out; of others it must be told when they cannot be seen.
Result<std::vector<ProcessId>> keep_children_of(pid_t parent, const std::vector<pid_t>& candidates,
                                                const std::string& proc) {
    std::vector<ProcessId> kept;
    for (const pid_t pid : candidates) {
        const auto stat = read_stat(pid, proc);
        if (!stat && !is_out_of_sight(stat.error())) return Failure(stat.error());
        if (stat && stat->parent == parent) kept.push_back(stat->id);
    }
    return kept;
}

}  // namespace

bool is_out_of_sight(const Error& error) {
    return error.kind == ErrorKind::not_found || error.kind == ErrorKind::denied;
}

Result<ProcessStat> read_stat(pid_t pid, const std::string& proc) {
    const auto path = file_of(proc, pid, "stat");
    const auto text = read_beginning(path, line_bytes);
    if (!text) return Failure(text.error());
    auto stat = parse_stat(*text);
    if (!stat) return unreadable(path);
    return std::move(*stat);
}

Result<std::vector<std::string>> read_arguments(pid_t pid, const std::string& proc) {
    const auto text = read_beginning(file_of(proc, pid, "cmdline"), arguments_bytes);
    if (!text) return Failure(text.error());
    std::vector<std::string> arguments;
    for (std::size_t begin = 0; begin < text->size();) {
        const auto end = std::min(text->find('\0', begin), text->size());
        arguments.push_back(text->substr(begin, end - begin));
        begin = end + 1;
    }
    return arguments;
}

Result<Executable> read_executable(pid_t pid, const std::string& proc) {
    const auto link = file_of(proc, pid, "exe");
    const auto identity = identify_file(link);
    if (!identity) return Failure(identity.error());
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
    if (length < 0) return system_failure("read " + link);
    return Executable{.identity = *identity,
                      .path = std::string(target.data(), static_cast<std::size_t>(length))};
}

Result<ProcessUser> read_user(pid_t pid, const std::string& proc) {
    const auto path = file_of(proc, pid, "status");
    const auto text = read_beginning(path, line_bytes);
    if (!text) return Failure(text.error());
    // The name in the first line cannot forge this one: the kernel escapes newlines there.
    const auto line = find_line(*text, "Uid:");
    const auto uids = split_words<2>(line.value_or(""));
    const auto real = parse_number<uid_t>(uids[0]);
    const auto effective = parse_number<uid_t>(uids[1]);
    if (!real || !effective) return unreadable(path);
    return ProcessUser{.real = *real, .effective = *effective};
}

Result<std::string> read_cgroup(pid_t pid, const std::string& proc) {
    const auto path = file_of(proc, pid, "cgroup");
    const auto text = read_file(path, arguments_bytes);
    if (!text) return Failure(text.error());
    if (const auto v2 = find_line(*text, "0::")) return std::string(*v2);
    return failure(ErrorKind::unavailable,
                   fmt::format("cannot find a cgroup v2 of process {}", pid));
}

Result<std::uint64_t> resident_bytes(pid_t pid, const std::string& proc) {
    const auto path = file_of(proc, pid, "statm");
    const auto text = read_beginning(path, line_bytes);
    if (!text) return Failure(text.error());
    const auto pages = parse_number<std::uint64_t>(split_words<2>(*text)[1]);
    if (!pages) return unreadable(path);
    return *pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

Result<std::vector<pid_t>> list_pids(const std::string& proc) { return list_numbers(proc); }

Result<std::vector<ProcessId>> children(pid_t pid, const std::string& proc) {
    if (const auto listed = listed_children(pid, proc)) return keep_children_of(pid, *listed, proc);
    if (const auto self = read_stat(pid, proc); !self) return Failure(self.error());
    const auto all = list_pids(proc);
    if (!all) return Failure(all.error());
    return keep_children_of(pid, *all, proc);
}

std::optional<std::uint32_t> login_of(pid_t pid, const std::string& proc) {
    constexpr std::size_t most_bytes = 16;
    const auto text = read_beginning(file_of(proc, pid, "sessionid"), most_bytes);
    if (!text) return std::nullopt;
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    const bool is_set = error == std::errc() && number != std::numeric_limits<std::uint32_t>::max();
    return is_set ? std::optional(number) : std::nullopt;
}

Result<std::vector<ProcessId>> descendants(pid_t pid, const std::string& proc) {
    std::vector<ProcessId> found;
    // Each process once: what moves in the tree meanwhile must not send us round in a circle.
    std::unordered_set<pid_t> seen{pid};
    const auto add_new = [&](const std::vector<ProcessId>& more) {
        std::copy_if(more.begin(), more.end(), std::back_inserter(found),
                     [&](const ProcessId& id) { return seen.insert(id.pid).second; });
    };
    auto first = children(pid, proc);
    if (!first) return first;
    add_new(*first);
    for (std::size_t next = 0; next < found.size(); ++next)
        if (const auto more = children(found[next].pid, proc)) add_new(*more);
    return found;
}

bool descends_from(pid_t pid, pid_t ancestor, const std::string& proc) {
    for (auto stat = read_stat(pid, proc); stat; stat = read_stat(stat->parent, proc)) {
        if (stat->parent == ancestor) return true;
        if (stat->parent <= 1) return false;
    }
    return false;
}

Result<FileIdentity> identify_file(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return system_failure("examine " + path);
    return FileIdentity{.device = status.st_dev, .inode = status.st_ino};
}

bool executes(const FileIdentity& executable, const std::string& command) {
    const auto named = identify_file(command);
    return named && *named == executable;
}

bool matches_command(const std::vector<std::string>& arguments, const FileIdentity* executable,
                     const std::string& command) {
    if (command.empty()) return false;
    if (!arguments.empty() && arguments.front() == command) return true;
    return executable != nullptr && executes(*executable, command);
}

}  // namespace comar
