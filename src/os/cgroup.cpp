// SPDX-License-Identifier: MIT
#include "os/cgroup.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <memory>
#include <optional>
#include <set>
#include <sstream>

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "os/read_file.h"
#include "os/system_error.h"

namespace comar {

namespace {

constexpr std::size_t list_bytes = 16 * 1024 * 1024;
constexpr mode_t folder_mode = 0755;
constexpr int most_kill_rounds = 32;

struct CloseFolder {
    void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

Result<std::string> read_control(const std::string& folder, std::string_view name) {
    return read_file(fmt::format("{}/{}", folder, name), list_bytes);
}

Result<> write_control(const std::string& folder, std::string_view name, std::string_view text) {
    const auto path = fmt::format("{}/{}", folder, name);
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) return system_failure("open " + path);
    if (::write(fd.get(), text.data(), text.size()) < 0) return system_failure("write " + path);
    return {};
}

/// The number in the line "KEY number".
std::optional<std::uint64_t> find_number(std::string_view text, std::string_view key) {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (!line.starts_with(key) || line.substr(key.size(), 1) != " ") continue;
        const std::string_view digits = line.substr(key.size() + 1);
        std::uint64_t number = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (error == std::errc()) return number;
    }
    return std::nullopt;
}

Failure unreadable(const std::string& folder, std::string_view name) {
    return failure(ErrorKind::internal, fmt::format("cannot understand {}/{}", folder, name));
}

bool is_folder(int parent, const dirent& entry) {
    if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
    struct stat status{};
    return ::fstatat(parent, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(status.st_mode);
}

Result<std::vector<std::string>> folders_in(const std::string& folder) {
    const std::unique_ptr<DIR, CloseFolder> listing(::opendir(folder.c_str()));
    if (!listing) return system_failure("list " + folder);
    std::vector<std::string> folders;
    while (const dirent* entry = ::readdir(listing.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != ".." && is_folder(::dirfd(listing.get()), *entry))
            folders.push_back(fmt::format("{}/{}", folder, name));
    }
    return folders;
}

/// The cgroup and all below, parents before children. Those that go away meanwhile are left out.
Result<std::vector<std::string>> whole_tree(const std::string& folder) {
    std::vector<std::string> all{folder};
    for (std::size_t next = 0; next < all.size(); ++next) {
        auto below = folders_in(all[next]);
        if (below)
            all.insert(all.end(), below->begin(), below->end());
        else if (next == 0)
            return below;
    }
    return all;
}

/// SIGKILL to a member, unless it is gone, or was found before. True: it was new.
/// By the time we hold its pidfd it can have left the cgroup, and its number can be another's.
bool kill_if_new(const Cgroup& cgroup, pid_t pid,
                 std::set<std::pair<pid_t, std::uint64_t>>& known) {
    const auto process = Process::open_pid(pid);
    if (!process || !known.emplace(pid, process->id().start_time).second) return false;
    // A refusal, for one of another user when we are not root, is no reason to spare the rest.
    if (cgroup.contains(pid).value_or(false)) static_cast<void>(process->signal(SIGKILL));
    return true;
}

/// For kernels without cgroup.kill (before 5.14): until a look finds nobody who is new.
Result<> kill_one_by_one(const Cgroup& cgroup) {
    std::set<std::pair<pid_t, std::uint64_t>> known;
    for (int round = 0; round < most_kill_rounds; ++round) {
        const auto members = cgroup.processes();
        if (!members) return Failure(members.error());
        bool any_new = false;
        for (const pid_t pid : *members) any_new |= kill_if_new(cgroup, pid, known);
        if (!any_new) return {};
    }
    return failure(ErrorKind::busy,
                   fmt::format("cannot kill all in {}: it forks too fast", cgroup.path()));
}

/// What was wished for is so when the cgroup is gone.
Result<> gone_is_fine(Result<> result) {
    if (!result && result.error().kind == ErrorKind::not_found) return {};
    return result;
}

}  // namespace

Result<Cgroup> Cgroup::create(const std::string& parent, std::string_view name) {
    const bool part = !name.empty() && name != "." && name != ".." &&
                      name.find('/') == std::string_view::npos &&
                      name.find('\0') == std::string_view::npos;
    if (!part)
        return failure(ErrorKind::invalid, fmt::format("cannot name a cgroup '{}'", name), EINVAL);
    auto folder = fmt::format("{}/{}", parent, name);
    if (::mkdir(folder.c_str(), folder_mode) != 0 && errno != EEXIST)
        return system_failure("create cgroup " + folder);
    return open(std::move(folder));
}

Result<Cgroup> Cgroup::open(std::string folder) {
    struct stat status{};
    if (::lstat(folder.c_str(), &status) != 0) return system_failure("open cgroup " + folder);
    if (!S_ISDIR(status.st_mode)) return system_failure("open cgroup " + folder, ENOTDIR);
    return Cgroup(std::move(folder));
}

Result<> Cgroup::add(pid_t pid) const {
    return write_control(folder_, "cgroup.procs", std::to_string(pid));
}

Result<std::vector<pid_t>> Cgroup::processes() const {
    const auto folders = whole_tree(folder_);
    if (!folders) return Failure(folders.error());
    std::vector<pid_t> pids;
    for (const auto& folder : *folders) {
        const auto list = read_control(folder, "cgroup.procs");
        if (!list && folder == folder_) return Failure(list.error());
        // Below, a cgroup that is gone by now, or a threaded one, whose processes are listed above.
        std::istringstream numbers(list.value_or(""));
        for (pid_t pid = 0; numbers >> pid;)
            if (pid > 0) pids.push_back(pid);  // 0: not in our pid namespace
    }
    return pids;
}

Result<bool> Cgroup::contains(pid_t pid) const {
    return processes().map([&](const std::vector<pid_t>& pids) {
        return std::find(pids.begin(), pids.end(), pid) != pids.end();
    });
}

Result<bool> Cgroup::populated() const {
    const auto events = read_control(folder_, "cgroup.events");
    if (!events) return Failure(events.error());
    const auto number = find_number(*events, "populated");
    if (!number) return unreadable(folder_, "cgroup.events");
    return *number != 0;
}

Result<UniqueFd> Cgroup::watch() const {
    const auto path = folder_ + "/cgroup.events";
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return system_failure("open " + path);
    if (const auto armed = is_populated(fd.get()); !armed) return Failure(armed.error());
    return fd;
}

Result<> Cgroup::kill() const {
    auto killed = write_control(folder_, "cgroup.kill", "1");
    if (killed || killed.error().os_error == ENODEV) return {};
    if (killed.error().os_error != ENOENT) return killed;
    return gone_is_fine(kill_one_by_one(*this));
}

Result<> Cgroup::remove() const {
    const auto folders = whole_tree(folder_);
    if (!folders) return gone_is_fine(Failure(folders.error()));
    for (auto folder = folders->rbegin(); folder != folders->rend(); ++folder)
        if (::rmdir(folder->c_str()) != 0 && errno != ENOENT)
            return system_failure("remove cgroup " + *folder);
    return {};
}

Result<std::chrono::microseconds> Cgroup::cpu_time() const {
    const auto stat = read_control(folder_, "cpu.stat");
    if (!stat) return Failure(stat.error());
    const auto used = find_number(*stat, "usage_usec");
    if (!used) return unreadable(folder_, "cpu.stat");
    return std::chrono::microseconds(*used);
}

Result<std::uint64_t> Cgroup::memory_bytes() const {
    const auto text = read_control(folder_, "memory.current");
    if (!text && text.error().os_error == ENOENT && ::access(folder_.c_str(), F_OK) == 0)
        return failure(ErrorKind::unavailable,
                       fmt::format("cannot tell the memory of {}: no memory controller", folder_));
    if (!text) return Failure(text.error());
    const auto bytes = find_number("current " + *text, "current");
    if (!bytes) return unreadable(folder_, "memory.current");
    return *bytes;
}

Result<bool> is_populated(int watch_fd) {
    std::array<char, 256> text{};
    const ssize_t got = ::pread(watch_fd, text.data(), text.size(), 0);
    if (got < 0) return system_failure("read cgroup.events");
    const auto number = find_number({text.data(), static_cast<std::size_t>(got)}, "populated");
    if (!number) return failure(ErrorKind::internal, "cannot understand cgroup.events");
    return *number != 0;
}

}  // namespace comar
