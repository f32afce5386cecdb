// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/log_entry.h"
#include "cli/log_files.h"
#include "core/result.h"
#include "os/unique_fd.h"

namespace comar::cli {

/// Waits for what is appended to logs, across rotations, by inotify(7).
///
/// The file that was read so far is kept open. When the current log is another one, the first is
/// read to its end, and then each that came after it: comard may have rotated several times.
class LogFollower {
public:
    /// Nothing that is written after this is missed.
    /// `unread` outlives the follower.
    static Result<LogFollower> create(const std::string& folder, UnreadLogs& unread);

    /// Reads on behind what there was of the service's log. `files` as from open_logs().
    void add(const std::string& service, std::vector<LogFile> files);
    /// Follows services that get their first log later, too.
    void welcome_new_services() { welcomes_new_ = true; }

    /// The next lines, in the order of their times; waits until there are some. Nothing: nobody
    /// reads standard output any more.
    Result<std::vector<LogEntry>> next();

private:
    struct Followed {
        LogFile file;            ///< what is read; without fd: none yet
        std::string beginning;   ///< of that file, by which it is known when it was compressed
        std::uint64_t at = 0;    ///< how far it was read
        std::string begun_line;  ///< a last line without its end
        EntryReader entries;
    };

    LogFollower(std::string folder, UnreadLogs& unread)
        : folder_(std::move(folder)), unread_(&unread) {}
    Result<std::set<std::string>> wait();
    Result<> catch_up(const std::string& service, std::vector<LogEntry>& into);
    Result<> read_on(Followed& followed, std::vector<LogEntry>& into) const;
    Result<bool> open_next(const std::string& service, Followed& followed) const;
    [[nodiscard]] bool is_current(const std::string& service, const Followed& followed) const;
    static void note_beginning(Followed& followed);

    std::string folder_;
    UniqueFd inotify_;
    std::map<std::string, Followed> followed_;
    bool welcomes_new_ = false;
    UnreadLogs* unread_;
};

}  // namespace comar::cli
