// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"
#include "output/log_folder.h"
#include "output/target.h"

namespace comar {

/// What an administrator may set in comard.toml. Every key is optional.
struct Settings {
    /// [calls] concurrency: scripts that run at once; 0: as many as suit the machine.
    std::size_t concurrency = 0;
    /// [calls] start_seconds: how long start, stop, reload, ready and other changing methods may
    /// take.
    std::chrono::seconds change_limit{90};
    /// [calls] info_seconds: the same for info and status.
    std::chrono::seconds read_limit{10};
    /// [calls] output_bytes: kept of what one command of a script prints, per stream.
    std::int64_t output_bytes = std::int64_t{1} << 20;
    /// [host] idle_seconds: after so long without a call the script host is let go.
    std::chrono::seconds host_idle{60};
    /// [host] spare_workers: forked ahead.
    std::size_t spare_workers = 2;
    /// [log] target: where what services print goes.
    OutputTarget log_target = OutputTarget::file;
    /// The file and line that says so; empty where none does.
    std::string log_target_origin;
    /// [boot] deadline_seconds: for a boot, a switch of groups and a shutdown.
    std::chrono::seconds boot_deadline{300};
    /// [boot] essential: what a safe boot, and the group single, start.
    std::vector<std::string> essential;
    /// [boot] head_start: what comes before all others.
    std::vector<std::string> head_start;
    /// [boot] safe: only what is essential is started at boot.
    bool safe = false;
    /// [groups.NAME] services: what runs in that group.
    std::map<std::string, std::vector<std::string>> groups;
    /// [providers]: who is meant by a virtual name that several services provide.
    std::map<std::string, std::string> providers;
    /// The file and line of each of them.
    std::map<std::string, std::string> provider_origins;
    /// [log] file_bytes, file_days, kept_files, total_bytes.
    LogLimits logs;
};

/// Reads the file; one that is not there gives the defaults. A wrong key or value is an error that
/// names file, line and what is allowed.
Result<Settings> read_settings(const std::string& path);

}  // namespace comar
