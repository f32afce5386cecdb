// SPDX-License-Identifier: MIT
#include "os/file_lock.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "os/pidfile.h"
#include "os/read_file.h"
#include "os/system_error.h"

namespace comar {

namespace {

constexpr std::size_t most_bytes = 64;
// Whoever may open the file may lock it, so nobody else may.
constexpr mode_t lock_mode = 0600;

Result<UniqueFd> open_lock(const std::string& path) {
    UniqueFd fd(::open(path.c_str(),
                       O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
                       lock_mode));
    if (!fd) return system_failure("open " + path);
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return system_failure("examine " + path);
    if (!S_ISREG(status.st_mode))
        return failure(ErrorKind::invalid, fmt::format("cannot lock {}: not a regular file", path));
    return fd;
}

Failure held(const std::string& path) {
    const auto holder = lock_holder(path);
    const auto who = holder ? fmt::format("process {}", *holder) : "another process";
    return failure(ErrorKind::busy, fmt::format("cannot lock {}: {} holds it", path, who),
                   EWOULDBLOCK);
}

Result<> write_holder(int fd, const std::string& path) {
    const auto line = fmt::format("{}\n", ::getpid());
    const bool written = ::ftruncate(fd, 0) == 0 && ::pwrite(fd, line.data(), line.size(), 0) ==
                                                        static_cast<ssize_t>(line.size());
    if (!written) return system_failure("write " + path);
    return {};
}

}  // namespace

Result<FileLock> FileLock::try_lock(const std::string& path) {
    auto fd = open_lock(path);
    if (!fd) return Failure(std::move(fd.error()));
    if (::flock(fd->get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return held(path);
        return system_failure("lock " + path);
    }
    if (auto written = write_holder(fd->get(), path); !written)
        return Failure(std::move(written.error()));
    return FileLock(path, std::move(*fd));
}

std::optional<pid_t> lock_holder(const std::string& path) {
    const auto text = read_beginning(path, most_bytes);
    if (!text) return std::nullopt;
    return parse_pid(*text);
}

}  // namespace comar
