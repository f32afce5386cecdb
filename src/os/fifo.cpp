// SPDX-License-Identifier: MIT
#include "os/fifo.h"

#include <cerrno>

#include <sys/stat.h>

#include <fcntl.h>

#include "os/system_error.h"

namespace comar {

Result<UniqueFd> open_fifo(const std::string& path) {
    if (::mkfifo(path.c_str(), 0600) != 0 && errno != EEXIST) {
        return system_failure("create " + path);
    }
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return system_failure("open " + path);
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0 || !S_ISFIFO(info.st_mode)) {
        return failure(ErrorKind::invalid, "cannot use " + path + ": it is not a FIFO");
    }
    return fd;
}

Result<UniqueFd> open_fifo_for_program(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW));
    if (!fd) return system_failure("open " + path);
    return fd;
}

/// fifo(7): to write is refused while nobody could read.
bool is_fifo_open(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    return fd || errno != ENXIO;
}

}  // namespace comar
