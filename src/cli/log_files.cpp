// SPDX-License-Identifier: MIT
#include "cli/log_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/log_names.h"

namespace comar::cli {
namespace {

/// comard rotates a log in less time than it takes to list the folder once.
constexpr int patience = 100;

struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
};

Failure cannot_read(const std::string& path, int error) {
    const bool is_denied = error == EACCES || error == EPERM;
    return failure(is_denied ? ErrorKind::denied
                             : (error == ENOENT ? ErrorKind::not_found : ErrorKind::internal),
                   "cannot read " + path + ": " + std::strerror(error), error);
}

Failure no_file(const std::string& path, const std::string& what) {
    return failure(ErrorKind::invalid, "cannot read " + path + ": it is " + what + ", and no file");
}

Result<std::vector<LogName>> list(const std::string& folder) {
    const std::unique_ptr<DIR, CloseFolder> opened(::opendir(folder.c_str()));
    if (!opened) return cannot_read(folder, errno);
    std::vector<LogName> names;
    while (const dirent* entry = ::readdir(opened.get())) {
        if (auto name = parse_log_name(entry->d_name)) names.push_back(std::move(*name));
    }
    return names;
}

std::string path_of(const std::string& folder, const LogName& name) {
    std::string path = folder + "/" + name.app + ".log";
    if (name.number > 0) path += "." + std::to_string(name.number);
    return name.compressed ? path + ".zst" : path;
}

/// not_found: it was renamed since it was listed.
Result<LogFile> open_file(const std::string& path, const LogName& name) {
    LogFile file{path,
                 name.number,
                 name.compressed,
                 0,
                 0,
                 UniqueFd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC))};
    if (!file.fd && errno == ELOOP) {
        return no_file(path, "a symbolic link");
    }
    struct stat info{};
    if (!file.fd || ::fstat(file.fd.get(), &info) != 0) return cannot_read(path, errno);
    if (S_ISDIR(info.st_mode)) return no_file(path, "a folder");
    if (!S_ISREG(info.st_mode)) return no_file(path, "a device or the like");
    file.inode = info.st_ino;
    file.end = static_cast<std::uint64_t>(info.st_size);
    return file;
}

/// The files by number. Where one is compressed already and the plain one is still there, they are
/// the same. Nothing: they were renamed meanwhile.
Result<std::optional<std::vector<LogFile>>> open_once(const std::string& folder,
                                                      const std::string& app, UnreadLogs& unread) {
    const auto names = list(folder);
    if (!names) return Failure(names.error());
    std::map<std::size_t, LogName> chosen;
    for (const LogName& name : *names) {
        if (name.app != app) continue;
        LogName& one = chosen.try_emplace(name.number, name).first->second;
        if (name.compressed) one = name;
    }
    std::vector<LogFile> files;
    for (const auto& [number, name] : chosen) {
        const std::string path = path_of(folder, name);
        auto file = open_file(path, name);
        if (file) {
            files.push_back(std::move(*file));
        } else if (file.error().kind == ErrorKind::not_found) {
            return std::nullopt;
        } else if (file.error().kind == ErrorKind::denied) {
            return Failure(std::move(file.error()));
        } else {
            unread.add(path, file.error());
        }
    }
    return files;
}

bool are_the_same(const std::vector<LogFile>& some, const std::vector<LogFile>& others) {
    return std::ranges::equal(some, others, {}, &LogFile::inode, &LogFile::inode);
}

}  // namespace

Result<std::vector<std::string>> services_with_logs(const std::string& folder) {
    const auto names = list(folder);
    if (!names) return Failure(names.error());
    std::set<std::string> apps;
    for (const LogName& name : *names) apps.insert(name.app);
    return std::vector<std::string>(apps.begin(), apps.end());
}

Result<std::vector<LogFile>> open_logs(const std::string& folder, const std::string& app,
                                       UnreadLogs& unread) {
    std::optional<std::vector<LogFile>> before;
    for (int attempt = 0; attempt < patience; ++attempt) {
        auto now = open_once(folder, app, unread);
        if (!now) return Failure(std::move(now.error()));
        if (before && *now && are_the_same(*before, **now)) return std::move(*before);
        before = std::move(*now);
    }
    return failure(ErrorKind::busy,
                   "cannot read the log of " + app + ": it is rotated all the time");
}

void leave_out_open_line(LogFile& file) {
    std::array<char, 16384> last{};
    const std::uint64_t begin = file.end - std::min<std::uint64_t>(file.end, last.size());
    const ssize_t size =
        ::pread(file.fd.get(), last.data(), file.end - begin, static_cast<off_t>(begin));
    if (size <= 0) return;
    const std::string_view text(last.data(), static_cast<std::size_t>(size));
    const std::size_t newline = text.rfind('\n');
    if (newline != std::string_view::npos) file.end = begin + newline + 1;
}

}  // namespace comar::cli
