// SPDX-License-Identifier: MIT
#include "os/pidfile.h"

#include <cerrno>
#include <charconv>
#include <cstdint>

#include <sys/stat.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <unistd.h>

#include "os/atomic_file.h"
#include "os/system_error.h"
#include "os/trusted_folder.h"

namespace comar {

namespace {

constexpr std::size_t most_bytes = 4 * 1024;
constexpr mode_t pidfile_mode = 0644;
constexpr std::uint64_t open_flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
// Some programs write their whole buffer, which ends in zeros.
constexpr std::string_view blanks(" \t\r\v\f\0", 6);

bool only_ours(const struct stat& status) {
    const bool ours = status.st_uid == 0 || status.st_uid == ::geteuid();
    return ours && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0 && status.st_nlink == 1;
}

std::chrono::nanoseconds since_1970(const timespec& moment) {
    return std::chrono::seconds(moment.tv_sec) + std::chrono::nanoseconds(moment.tv_nsec);
}

std::string_view first_line(std::string_view text) {
    const auto line = text.substr(0, text.find('\n'));
    const auto begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return line.substr(begin, line.find_last_not_of(blanks) + 1 - begin);
}

/// Some file systems (ext4's auto_da_alloc) write a file to the disk before it takes another's
/// place. That costs more than all else in a start, for a file that is worth nothing after a power
/// cut; and whoever finds no pidfile for a moment knows as much as from the old one.
class TakingAwayFirst : public WithoutSync {
public:
    Result<> rename(int folder, const std::string& from, const std::string& to) override {
        (void)::unlinkat(folder, to.c_str(), 0);
        return WithoutSync::rename(folder, from, to);
    }
};

struct Found {
    pid_t pid = 0;
    struct stat status{};
};

Result<Found> read_regular(int fd, const std::string& path) {
    Found found;
    if (::fstat(fd, &found.status) != 0) return system_failure("examine " + path);
    if (!S_ISREG(found.status.st_mode))
        return failure(ErrorKind::invalid, fmt::format("cannot read {}: not a regular file", path));
    const auto text = read_up_to(fd, most_bytes, path);
    if (!text) return Failure(text.error());
    const auto pid = parse_pid(*text);
    if (!pid)
        return failure(ErrorKind::invalid,
                       fmt::format("cannot read {}: no process number in its first line", path));
    found.pid = *pid;
    return found;
}

}  // namespace

std::optional<pid_t> parse_pid(std::string_view text) {
    const auto line = first_line(text);
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), pid);
    const bool whole = error == std::errc() && end == line.data() + line.size();
    if (!whole || pid <= 0) return std::nullopt;
    return pid;
}

Result<PidfileClaim> read_pidfile(const std::string& path) {
    const auto parts = split_path(path);
    if (!parts) return Failure(parts.error());
    const auto folder = open_folder(parts->folder);
    if (!folder) return Failure(folder.error());
    const UniqueFd fd(
        ::openat(folder->fd.get(), parts->name.c_str(), static_cast<int>(open_flags)));
    if (!fd) return system_failure("open " + path);
    const auto found = read_regular(fd.get(), path);
    if (!found) return Failure(found.error());
    return PidfileClaim{.pid = found->pid,
                        .trusted = folder->trusted && only_ours(found->status),
                        .modified = since_1970(found->status.st_mtim)};
}

Result<pid_t> read_pid(const std::string& path) {
    open_how how{};
    how.flags = open_flags;
    how.resolve = RESOLVE_NO_SYMLINKS;
    const UniqueFd fd(
        static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
    // ENOSYS: Linux before 5.6. ELOOP: where the links lead is looked at one by one.
    if (!fd && (errno == ELOOP || errno == ENOSYS)) {
        return read_pidfile(path).map([](const PidfileClaim& claim) { return claim.pid; });
    }
    if (!fd) return system_failure("open " + path);
    return read_regular(fd.get(), path).map([](const Found& found) { return found.pid; });
}

Result<> write_pidfile(const std::string& path, pid_t pid) {
    const auto parts = split_path(path);
    if (!parts) return Failure(parts.error());
    const auto folder = open_folder(parts->folder);
    if (!folder) return Failure(folder.error());
    // The name is replaced in that very folder and whatever had it is not opened, so even in a
    // folder of somebody else no file outside of it can be harmed.
    const UniqueFd opened(
        ::openat(folder->fd.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!opened) return system_failure("open the folder of " + path);
    TakingAwayFirst steps;
    auto written = write_file_atomically_at(opened.get(), parts->name, fmt::format("{}\n", pid),
                                            pidfile_mode, steps);
    if (!written) return Failure(std::move(written.error()).while_trying("write " + path));
    return {};
}

}  // namespace comar
