// SPDX-License-Identifier: MIT
#include "os/read_file.h"

#include <algorithm>

#include <sys/stat.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "os/system_error.h"

namespace comar {

namespace {

constexpr std::size_t block_bytes = 16 * 1024;

}  // namespace

Result<UniqueFd> open_regular_file(const std::string& path) {
    // Opening a FIFO or a device can wait or have effects; O_NONBLOCK avoids the first, and the
    // second is why the type is asked before anything is read.
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (!fd) return system_failure("open " + path);
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) return system_failure("examine " + path);
    if (!S_ISREG(status.st_mode))
        return failure(ErrorKind::invalid, fmt::format("cannot read {}: not a regular file", path));
    return fd;
}

Result<std::string> read_up_to(int fd, std::size_t max_bytes, const std::string& name) {
    std::string content;
    while (content.size() < max_bytes) {
        const std::size_t had = content.size();
        content.resize(had + std::min(block_bytes, max_bytes - had));
        const ssize_t got = ::read(fd, content.data() + had, content.size() - had);
        content.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got == 0) break;
        if (got < 0 && errno != EINTR) return system_failure("read " + name);
    }
    return content;
}

Result<std::string> read_beginning(const std::string& path, std::size_t max_bytes) {
    auto fd = open_regular_file(path);
    if (!fd) return Failure(std::move(fd.error()));
    return read_up_to(fd->get(), max_bytes, path);
}

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
    auto content = read_beginning(path, max_bytes + 1);
    if (content && content->size() > max_bytes)
        return failure(ErrorKind::invalid,
                       fmt::format("cannot read {}: larger than {} bytes", path, max_bytes));
    return content;
}

}  // namespace comar
