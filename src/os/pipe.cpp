// SPDX-License-Identifier: MIT
#include "os/pipe.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "os/system_error.h"

namespace comar {

Result<Pipe> make_pipe() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return system_failure("make a pipe");
    return Pipe{.read_end = UniqueFd(ends[0]), .write_end = UniqueFd(ends[1])};
}

Result<UniqueFd> reopen_read_write(int fd) {
    struct stat status{};
    if (::fstat(fd, &status) != 0) return system_failure(fmt::format("examine fd {}", fd));
    if (!S_ISFIFO(status.st_mode))
        return failure(ErrorKind::invalid, fmt::format("cannot reopen fd {}: not a pipe", fd),
                       EINVAL);
    UniqueFd reopened(::open(fmt::format("/proc/self/fd/{}", fd).c_str(), O_RDWR | O_CLOEXEC));
    if (!reopened) return system_failure(fmt::format("reopen fd {}", fd));
    return reopened;
}

}  // namespace comar
