// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/unread_logs.h"
#include "core/result.h"
#include "os/unique_fd.h"

namespace comar::cli {

/// One open file of a service's log.
struct LogFile {
    std::string path;        ///< when it was opened: comard may have renamed it
    std::size_t number = 0;  ///< 0: the current one; the higher, the older
    bool compressed = false;
    std::uint64_t inode = 0;
    std::uint64_t end = 0;  ///< bytes there were when it was opened
    UniqueFd fd;
};

/// The services that have a log in the folder, sorted. denied: it is not for this user.
[[nodiscard]] Result<std::vector<std::string>> services_with_logs(const std::string& folder);

/// All files of a service's log, newest first, as they were at one moment: comard may rotate them
/// meanwhile. Without those that cannot be opened; denied: they are not for this user.
[[nodiscard]] Result<std::vector<LogFile>> open_logs(const std::string& folder,
                                                     const std::string& app, UnreadLogs& unread);

/// Leaves out the last line of a file if comard is about to write it.
void leave_out_open_line(LogFile& file);

}  // namespace comar::cli
