// SPDX-License-Identifier: MIT
#include "output/file_sink.h"

#include <array>
#include <cerrno>

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "os/system_error.h"

namespace comar {
namespace {

std::optional<WallTime> time_of_first_line(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    std::array<char, stamp_size> begin{};
    if (!fd || ::read(fd.get(), begin.data(), begin.size()) != std::ssize(begin)) {
        return std::nullopt;
    }
    const auto line = parse_log_line({begin.data(), begin.size()});
    return line ? std::optional(line->time) : std::nullopt;
}

/// A file system that refuses even that leaves a broken line, which readers show as it is.
void cut_to(const UniqueFd& file, std::uint64_t size) {
    (void)!::ftruncate(file.get(), static_cast<off_t>(size));
}

}  // namespace

FilePlace FileSink::prepare(WallTime now) {
    if (fd_ && is_removed()) fd_.reset();
    if (!fd_ && !open()) return {};
    if (is_due(now)) {
        // A failure leaves the file as it is, and what comes next is appended to it.
        if (folder_.rotate(app_)) fd_.reset();
        if (!fd_ && !open()) return {};
    }
    if (!first_) first_ = now;
    return {inode_, size_};
}

bool FileSink::is_due(WallTime now) const {
    if (size_ == 0) return false;
    return size_ >= folder_.size_limit() || (first_ && now - *first_ >= folder_.limits().age);
}

bool FileSink::is_removed() const {
    struct stat info{};
    return ::fstat(fd_.get(), &info) != 0 || info.st_nlink == 0;
}

/// The log folder is root's, but a link in it must not lead comard elsewhere all the same.
Result<> FileSink::open() {
    UniqueFd fd(::open(path_.c_str(),
                       O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0640));
    if (!fd) return system_failure("open " + path_);
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) return system_failure("look at " + path_);
    if (!S_ISREG(info.st_mode) || info.st_nlink != 1) {
        return failure(ErrorKind::invalid, "cannot use " + path_ + ": it is not a file of its own");
    }
    inode_ = info.st_ino;
    size_ = static_cast<std::uint64_t>(info.st_size);
    first_ = size_ == 0 ? std::nullopt : time_of_first_line(path_);
    folder_.set_size(app_, size_);
    fd_ = std::move(fd);
    return {};
}

Result<> FileSink::put(std::string_view lines) {
    if (!fd_) {
        if (auto opened = open(); !opened) {
            lose(lines);
            return opened;
        }
    }
    const std::size_t written = write_all(lines);
    const int error = errno;
    if (written == lines.size()) {
        size_ += written;
        folder_.set_size(app_, size_);
        return {};
    }
    // A part of a line would be read as one.
    const std::size_t last = lines.substr(0, written).rfind('\n');
    const std::size_t whole = last == std::string_view::npos ? 0 : last + 1;
    size_ += whole;
    cut_to(fd_, size_);
    folder_.set_size(app_, size_);
    lose(lines.substr(whole));
    return system_failure("write " + path_, error);
}

/// How much was written until an error came.
std::size_t FileSink::write_all(std::string_view lines) {
    std::size_t done = 0;
    while (done < lines.size()) {
        const ssize_t count = ::write(fd_.get(), lines.data() + done, lines.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        done += static_cast<std::size_t>(count);
    }
    return done;
}

void take_back(const std::string& path, const FilePlace& place) {
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    struct stat info{};
    if (!fd || ::fstat(fd.get(), &info) != 0 || info.st_ino != place.inode) return;
    if (!S_ISREG(info.st_mode) || static_cast<std::uint64_t>(info.st_size) <= place.offset) return;
    cut_to(fd, place.offset);
}

}  // namespace comar
