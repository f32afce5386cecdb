// SPDX-License-Identifier: MIT
#include "output/log_file.h"

#include <cerrno>
#include <cstdio>

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "os/system_error.h"

namespace comar {

Result<> LogFile::append(std::string_view lines) {
    if (!fd_) {
        if (auto opened = open(); !opened) {
            lost_ += lines.size();
            return opened;
        }
    }
    while (!lines.empty()) {
        const ssize_t count = ::write(fd_.get(), lines.data(), lines.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            lost_ += lines.size();
            return system_failure("write " + path_);
        }
        size_ += static_cast<std::uint64_t>(count);
        lines.remove_prefix(static_cast<std::size_t>(count));
    }
    if (size_ >= limits_.bytes) rotate();
    return {};
}

/// The log folder is root's, but a link in it must not lead comard elsewhere all the same.
Result<> LogFile::open() {
    UniqueFd fd(::open(path_.c_str(),
                       O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0640));
    if (!fd) return system_failure("open " + path_);
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) return system_failure("look at " + path_);
    if (!S_ISREG(info.st_mode) || info.st_nlink != 1) {
        return failure(ErrorKind::invalid, "cannot use " + path_ + ": it is not a file of its own");
    }
    size_ = static_cast<std::uint64_t>(info.st_size);
    fd_ = std::move(fd);
    return {};
}

void LogFile::rotate() {
    for (int i = limits_.kept; i > 0; --i) {
        const std::string from = i == 1 ? path_ : path_ + "." + std::to_string(i - 1);
        const std::string to = path_ + "." + std::to_string(i);
        // One that is missing is a gap in the series, nothing more.
        (void)::rename(from.c_str(), to.c_str());
    }
    fd_.reset();
    size_ = 0;
}

}  // namespace comar
