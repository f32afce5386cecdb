// SPDX-License-Identifier: MIT
// What LogFolder does once, when comard starts.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <sys/stat.h>

#include <unistd.h>

#include "core/log_names.h"
#include "os/system_error.h"
#include "output/log_folder.h"

namespace comar {

struct LogFolder::Found {
    LogName name;
    Old file;
};

std::vector<LogFolder::Found> LogFolder::look() const {
    std::vector<Found> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(path_, error)) {
        const std::string name = entry.path().filename();
        if (is_unfinished_name(name)) (void)::unlink(entry.path().c_str());
        const auto parsed = parse_log_name(name);
        struct stat info{};
        if (!parsed || ::lstat(entry.path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
            continue;
        }
        const std::int64_t written =
            std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
        found.push_back(
            {*parsed,
             {info.st_ino, static_cast<std::uint64_t>(info.st_size), written, parsed->compressed}});
    }
    return found;
}

Result<> LogFolder::load() {
    std::error_code error;
    if (!std::filesystem::is_directory(path_, error)) {
        return system_failure("read " + path_, error ? error.value() : ENOTDIR);
    }
    logs_.clear();
    total_ = 0;
    std::map<std::string, std::map<std::size_t, Old>> numbered;
    for (const Found& found : look()) {
        const auto& [app, number, compressed] = found.name;
        newest_ = std::max(newest_, found.file.order);
        if (number == 0) {
            logs_[app].current = found.file.bytes;
            total_ += found.file.bytes;
            continue;
        }
        const auto [twin, is_only] = numbered[app].try_emplace(number, found.file);
        if (is_only) continue;
        // comard was killed right after the compressed one had become whole.
        (void)::unlink(old_path(app, number, false).c_str());
        if (compressed) twin->second = found.file;
    }
    for (auto& [app, files] : numbered) close_gaps(app, std::move(files));
    keep_within_total();
    return {};
}

void LogFolder::close_gaps(const std::string& app, std::map<std::size_t, Old> numbered) {
    Logs& logs = logs_[app];
    for (const auto& [number, file] : numbered) {
        const std::size_t place = logs.old.size() + 1;
        if (place != number) {
            (void)::rename(old_path(app, number, file.compressed).c_str(),
                           old_path(app, place, file.compressed).c_str());
        }
        logs.old.push_back(file);
        total_ += file.bytes;
    }
    while (logs.old.size() > limits_.kept) remove_last(app, logs);
}

}  // namespace comar
