// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/log_line.h"
#include "core/result.h"

namespace comar {

/// What could not be written.
struct LostLines {
    std::uint64_t bytes = 0;
    std::uint64_t lines = 0;
};

/// A place in a file of lines. `inode` 0: there is none.
struct FilePlace {
    std::uint64_t inode = 0;
    std::uint64_t offset = 0;
};

/// Where the lines of one service go: a file, the journal or syslog. Writing never blocks: what the
/// other side does not take is lost and counted, and as soon as it takes lines again, the first
/// says how much is missing.
class LogSink {
public:
    virtual ~LogSink() = default;

    /// Takes whole lines with their stamps. An error says why some of them are lost.
    Result<> write(std::string_view lines, WallTime now);

    /// Makes ready for lines of that time, and tells where the next ones will be.
    virtual FilePlace prepare(WallTime) { return {}; }

    /// Whether lines wait until the other side can take them; send_waiting() tries.
    [[nodiscard]] virtual bool has_waiting() const { return false; }
    virtual Result<> send_waiting() { return {}; }

    /// "/var/log/comar/web.log", for messages.
    [[nodiscard]] virtual std::string name() const = 0;

    /// All that was lost since this sink was made.
    [[nodiscard]] const LostLines& lost() const { return lost_; }

protected:
    /// Takes lines, and calls lose() for those that it cannot take.
    virtual Result<> put(std::string_view lines) = 0;
    void lose(std::string_view lines);

private:
    Result<> report_losses(WallTime now);

    LostLines lost_;
    LostLines reported_;
    std::string reason_;
};

}  // namespace comar
