// SPDX-License-Identifier: MIT
#include "cli/log_follower.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <sys/inotify.h>
#include <sys/stat.h>

#include <poll.h>
#include <unistd.h>

#include "cli/log_cursor.h"
#include "cli/log_text.h"
#include "core/log_names.h"

namespace comar::cli {
namespace {

/// Of a file, by which it is known again: its first line has a time stamp of microseconds.
constexpr std::size_t known_by = 256;

Failure cannot_follow(const std::string& what, int error = errno) {
    return failure(ErrorKind::internal, "cannot follow " + what + ": " + std::strerror(error),
                   error);
}

Result<std::string> beginning_of(const LogFile& file) {
    const auto text = text_of(file);
    if (!text) return Failure(text.error());
    std::string begin;
    if (const auto read = (*text)->read(begin); !read) return Failure(read.error());
    return begin.substr(0, known_by);
}

/// `part` was read when the file was shorter, perhaps.
bool is_beginning(const std::string& part, const std::string& of) {
    return !part.empty() && of.starts_with(part);
}

}  // namespace

Result<LogFollower> LogFollower::create(const std::string& folder, UnreadLogs& unread) {
    LogFollower follower(folder, unread);
    follower.inotify_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!follower.inotify_) return cannot_follow(folder);
    if (::inotify_add_watch(follower.inotify_.get(), folder.c_str(),
                            IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0) {
        return cannot_follow(folder);
    }
    return follower;
}

void LogFollower::add(const std::string& service, std::vector<LogFile> files) {
    Followed followed{{}, {}, 0, {}, EntryReader(service)};
    if (!files.empty()) {
        followed.file = std::move(files.front());
        followed.at = followed.file.end;
        note_beginning(followed);
    }
    followed_.insert_or_assign(service, std::move(followed));
}

Result<std::vector<LogEntry>> LogFollower::next() {
    std::vector<LogEntry> entries;
    while (entries.empty()) {
        const auto changed = wait();
        if (!changed) return Failure(changed.error());
        if (changed->empty()) return entries;
        for (const std::string& service : *changed) {
            if (!followed_.contains(service)) {
                if (!welcomes_new_) continue;
                add(service, {});
            }
            if (auto done = catch_up(service, entries); !done) return Failure(done.error());
        }
    }
    std::ranges::stable_sort(entries, {}, &LogEntry::time);
    return entries;
}

/// The services whose logs have changed.
Result<std::set<std::string>> LogFollower::wait() {
    std::array<pollfd, 2> ready{{{inotify_.get(), POLLIN, 0}, {STDOUT_FILENO, 0, 0}}};
    while (::poll(ready.data(), ready.size(), -1) < 0) {
        if (errno != EINTR) return cannot_follow(folder_);
    }
    std::set<std::string> changed;
    if (ready[1].revents != 0) return changed;
    alignas(inotify_event) std::array<char, 65536> events{};
    const ssize_t size = ::read(inotify_.get(), events.data(), events.size());
    if (size < 0) return cannot_follow(folder_);
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
        const auto* event = reinterpret_cast<const inotify_event*>(events.data() + at);
        at += sizeof(*event) + event->len;
        if ((event->mask & IN_Q_OVERFLOW) != 0) {
            for (const auto& [service, followed] : followed_) changed.insert(service);
        }
        if ((event->mask & IN_IGNORED) != 0) return cannot_follow(folder_, ENOENT);
        const auto name = event->len == 0 ? std::nullopt : parse_log_name(event->name);
        if (name) changed.insert(name->app);
    }
    if (changed.empty()) return wait();  // it was about other files
    return changed;
}

Result<> LogFollower::catch_up(const std::string& service, std::vector<LogEntry>& into) {
    Followed& followed = followed_.at(service);
    while (true) {
        // Asked first: what was written before it became an old one is read then.
        const bool is_last = is_current(service, followed);
        if (auto read = read_on(followed, into); !read) return read;
        if (is_last) return {};
        const auto opened = open_next(service, followed);
        if (!opened) return Failure(opened.error());
        if (!*opened) return {};
    }
}

bool LogFollower::is_current(const std::string& service, const Followed& followed) const {
    struct stat info{};
    const std::string path = folder_ + "/" + service + ".log";
    return ::stat(path.c_str(), &info) == 0 && followed.file.fd &&
           info.st_ino == followed.file.inode;
}

Result<> LogFollower::read_on(Followed& followed, std::vector<LogEntry>& into) const {
    if (!followed.file.fd) return {};
    std::string& text = followed.begun_line;
    if (followed.file.compressed) {
        if (std::exchange(followed.at, 1) != 0) return {};
        text += whole_text_of(followed.file, *unread_);
        // What is damaged may end within a line.
        if (!text.empty() && !text.ends_with('\n')) text += '\n';
    } else {
        struct stat info{};
        if (::fstat(followed.file.fd.get(), &info) != 0) return cannot_follow(folder_);
        const auto size = static_cast<std::uint64_t>(info.st_size);
        // comard has taken back what could not be written as a whole.
        followed.at = std::min(followed.at, size);
        std::string more(size - followed.at, '\0');
        const ssize_t count = ::pread(followed.file.fd.get(), more.data(), more.size(),
                                      static_cast<off_t>(followed.at));
        if (count < 0) return cannot_follow(folder_);
        text.append(more, 0, static_cast<std::size_t>(count));
        followed.at += static_cast<std::uint64_t>(count);
        if (followed.beginning.empty()) note_beginning(followed);
    }
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
        into.push_back(followed.entries.read(std::string_view(text).substr(begin, end - begin)));
    }
    text.erase(0, begin);
    return {};
}

/// Goes on with the file that came after the one that was read. False: there is none yet.
Result<bool> LogFollower::open_next(const std::string& service, Followed& followed) const {
    auto files = open_logs(folder_, service, *unread_);
    if (!files) return Failure(files.error());
    std::size_t next = files->size();  // how many are newer
    for (std::size_t i = 0; i < files->size() && followed.file.fd; ++i) {
        const LogFile& file = (*files)[i];
        bool is_same = file.inode == followed.file.inode;
        if (!is_same && file.compressed) {
            const auto begin = beginning_of(file);
            if (!begin) unread_->add(file.path, begin.error());
            is_same = begin && is_beginning(followed.beginning, *begin);
        }
        if (!is_same) continue;
        next = i;
        break;
    }
    if (next == 0) return false;
    followed.file = std::move((*files)[next - 1]);
    followed.at = 0;
    followed.beginning.clear();
    note_beginning(followed);
    return true;
}

void LogFollower::note_beginning(Followed& followed) {
    followed.file.end = std::max(followed.file.end, followed.at);
    if (const auto begin = beginning_of(followed.file)) followed.beginning = *begin;
}

}  // namespace comar::cli
