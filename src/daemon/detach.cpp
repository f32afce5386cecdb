// SPDX-License-Identifier: MIT
#include "daemon/detach.h"

#include <cerrno>
#include <cstdlib>

#include <sys/wait.h>

#include <unistd.h>

#include "os/pipe.h"
#include "os/system_error.h"

namespace comar {
namespace {

[[noreturn]] void await(pid_t child, const UniqueFd& ready) {
    char newline = 0;
    ssize_t got = 0;
    do {
        got = ::read(ready.get(), &newline, 1);
    } while (got < 0 && errno == EINTR);
    if (got > 0) ::_exit(EXIT_SUCCESS);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

}  // namespace

Result<UniqueFd> detach() {
    auto pipe = make_pipe();
    if (!pipe) return Failure(std::move(pipe.error()));
    const pid_t child = ::fork();
    if (child < 0) return system_failure("go into the background");
    if (child > 0) {
        pipe->write_end.reset();
        await(child, pipe->read_end);
    }
    ::setsid();
    return std::move(pipe->write_end);
}

}  // namespace comar
