// SPDX-License-Identifier: MIT
#include "os/trusted_folder.h"

#include <array>
#include <climits>
#include <deque>
#include <optional>
#include <string_view>

#include <sys/stat.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "os/system_error.h"

namespace comar {

namespace {

constexpr int most_links = 40;  // as many as the kernel follows, path_resolution(7)

bool owned_by_us(const struct stat& status) {
    return status.st_uid == 0 || status.st_uid == ::geteuid();
}

/// Nobody else can change what is in this folder.
bool is_closed(const struct stat& status) {
    return owned_by_us(status) && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/// Nobody else can take away what is ours in this folder; but they can put more there.
bool keeps_ours(const struct stat& status) {
    return is_closed(status) || (owned_by_us(status) && (status.st_mode & S_ISVTX) != 0);
}

/// Opens one part of a path after the other, so that each is judged as what it was when it was
/// used.
class Walk {
public:
    explicit Walk(const std::string& path) : path_(path) {}

    Result<OpenFolder> run();

private:
    Result<> start();
    Result<> enter(const std::string& part);
    Result<> follow(UniqueFd link);
    void push_parts(std::string_view path);
    [[nodiscard]] bool only_we_chose(const struct stat& part) const;
    Failure failed(int error = errno) const { return system_failure("reach " + path_, error); }

    std::string path_;
    std::deque<std::string> parts_;
    UniqueFd here_;
    struct stat here_status_{};
    bool reached_safely_ = true;
    int links_ = 0;
};

Result<OpenFolder> Walk::run() {
    push_parts(path_);
    if (auto started = start(); !started) return Failure(std::move(started.error()));
    while (!parts_.empty()) {
        const std::string part = std::move(parts_.front());
        parts_.pop_front();
        if (auto entered = enter(part); !entered) return Failure(std::move(entered.error()));
    }
    return OpenFolder{.fd = std::move(here_),
                      .trusted = reached_safely_ && is_closed(here_status_)};
}

/// A relative path is walked from the root too, since every folder above counts.
Result<> Walk::start() {
    if (!path_.starts_with('/')) {
        std::array<char, PATH_MAX> current{};
        if (::getcwd(current.data(), current.size()) == nullptr) return failed();
        push_parts(current.data());
    }
    here_.reset(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!here_ || ::fstat(here_.get(), &here_status_) != 0) return failed();
    return {};
}

Result<> Walk::enter(const std::string& part) {
    UniqueFd next(::openat(here_.get(), part.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status{};
    if (!next || ::fstat(next.get(), &status) != 0) return failed();
    const bool safely = reached_safely_ && only_we_chose(status);
    if (S_ISLNK(status.st_mode)) return safely ? follow(std::move(next)) : failed(ELOOP);
    if (!S_ISDIR(status.st_mode)) return failed(ENOTDIR);
    here_ = std::move(next);
    here_status_ = status;
    reached_safely_ = safely;
    return {};
}

Result<> Walk::follow(UniqueFd link) {
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlinkat(link.get(), "", target.data(), target.size());
    if (length < 0) return failed();
    if (++links_ > most_links) return failed(ELOOP);
    const std::string_view text(target.data(), static_cast<std::size_t>(length));
    push_parts(text);
    return text.starts_with('/') ? start() : Result<>();
}

void Walk::push_parts(std::string_view path) {
    std::deque<std::string> parts;
    while (!path.empty()) {
        const auto part = path.substr(0, path.find('/'));
        if (!part.empty() && part != ".") parts.emplace_back(part);
        path.remove_prefix(std::min(part.size() + 1, path.size()));
    }
    parts_.insert(parts_.begin(), parts.begin(), parts.end());
}

/// Whether that part of the folder where we are is there because root or we wanted it.
bool Walk::only_we_chose(const struct stat& part) const {
    return is_closed(here_status_) || (keeps_ours(here_status_) && owned_by_us(part));
}

}  // namespace

Result<SplitPath> split_path(const std::string& path) {
    const auto slash = path.rfind('/');
    const auto name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (name.empty() || name == "." || name == ".." || path.find('\0') != std::string::npos)
        return failure(ErrorKind::invalid,
                       fmt::format("cannot use '{}' as the name of a file", path), EINVAL);
    if (slash == std::string::npos) return SplitPath{.folder = ".", .name = name};
    return SplitPath{.folder = slash == 0 ? "/" : path.substr(0, slash), .name = name};
}

Result<OpenFolder> open_folder(const std::string& path) { return Walk(path).run(); }

}  // namespace comar
