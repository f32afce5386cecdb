// SPDX-License-Identifier: MIT
#include "os/atomic_file.h"

#include <cstdint>
#include <cstdio>
#include <ctime>

#include <sys/stat.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "os/system_error.h"
#include "os/trusted_folder.h"

namespace comar {

namespace {

constexpr mode_t mode_while_writing = 0600;
constexpr int most_tries = 100;
constexpr std::size_t most_name_bytes = 200;  // a name has at most 255, NAME_MAX

/// A name that is hardly taken; create() is what makes sure.
std::string name_beside(const std::string& name) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto mixed = static_cast<std::uint32_t>(now.tv_nsec + now.tv_sec * 1'000'003) ^
                       (static_cast<std::uint32_t>(::getpid()) << 16);
    return fmt::format(".{}.{:08x}", name.substr(0, most_name_bytes), mixed);
}

/// A file being written beside the one it will replace; discarded unless it took its place.
class AsideFile {
public:
    AsideFile(int folder, ReplaceSteps& steps) : folder_(folder), steps_(steps) {}
    AsideFile(const AsideFile&) = delete;
    AsideFile& operator=(const AsideFile&) = delete;
    ~AsideFile() {
        if (!name_.empty()) steps_.discard(folder_, name_);
    }

    Result<> create(const std::string& target);
    Result<> fill(std::string_view content, mode_t mode);
    Result<> take_place_of(const std::string& target);

private:
    int folder_;
    ReplaceSteps& steps_;
    std::string name_;  ///< empty: there is nothing to discard
    UniqueFd fd_;
};

Result<> AsideFile::create(const std::string& target) {
    for (int tries = 0; tries < most_tries; ++tries) {
        const auto name = name_beside(target);
        auto created = steps_.create(folder_, name);
        if (created) {
            fd_ = std::move(*created);
            name_ = name;
            return {};
        }
        if (created.error().os_error != EEXIST) return Failure(std::move(created.error()));
    }
    return system_failure("find a name that is not taken", EEXIST);
}

Result<> AsideFile::fill(std::string_view content, mode_t mode) {
    return steps_.write(fd_.get(), content)
        .and_then([&] { return steps_.set_mode(fd_.get(), mode); })
        .and_then([&] { return steps_.sync(fd_.get()); });
}

Result<> AsideFile::take_place_of(const std::string& target) {
    auto renamed = steps_.rename(folder_, name_, target);
    if (renamed) name_.clear();
    return renamed;
}

}  // namespace

Result<UniqueFd> ReplaceSteps::create(int folder, const std::string& name) {
    UniqueFd fd(::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                         mode_while_writing));
    if (!fd) return system_failure("create a file");
    return fd;
}

Result<> ReplaceSteps::write(int fd, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno != EINTR) return system_failure("write");
        if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<> ReplaceSteps::set_mode(int fd, mode_t mode) {
    if (::fchmod(fd, mode) == 0) return {};
    return system_failure("set the mode");
}

Result<> ReplaceSteps::sync(int fd) {
    // EINVAL: this file system does not sync folders, and needs not.
    if (::fsync(fd) == 0 || errno == EINVAL) return {};
    return system_failure("write to the disk");
}

Result<> ReplaceSteps::rename(int folder, const std::string& from, const std::string& to) {
    if (::renameat(folder, from.c_str(), folder, to.c_str()) == 0) return {};
    return system_failure("take the place of the old file");
}

void ReplaceSteps::discard(int folder, const std::string& name) noexcept {
    ::unlinkat(folder, name.c_str(), 0);
}

Result<> write_file_atomically_at(int folder, const std::string& name, std::string_view content,
                                  mode_t mode, ReplaceSteps& steps) {
    AsideFile aside(folder, steps);
    return aside.create(name)
        .and_then([&] { return aside.fill(content, mode); })
        .and_then([&] { return aside.take_place_of(name); })
        .and_then([&] { return steps.sync(folder); });
}

Result<> write_file_atomically(const std::string& path, std::string_view content, mode_t mode,
                               ReplaceSteps& steps) {
    const auto parts = split_path(path);
    if (!parts) return Failure(parts.error());
    const UniqueFd folder(::open(parts->folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return system_failure("open " + parts->folder);
    auto written = write_file_atomically_at(folder.get(), parts->name, content, mode, steps);
    if (!written) return Failure(std::move(written.error()).while_trying("write " + path));
    return {};
}

Result<> write_file_atomically(const std::string& path, std::string_view content, mode_t mode) {
    ReplaceSteps steps;
    return write_file_atomically(path, content, mode, steps);
}

}  // namespace comar
