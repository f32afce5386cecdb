// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "cli/log_files.h"
#include "core/result.h"

namespace comar::cli {

/// What a file of a log says, from its beginning on, compressed or not. The file must stay open.
class LogText {
public:
    virtual ~LogText() = default;
    /// Appends the next piece. False: there is none. What went before a failure is good.
    virtual Result<bool> read(std::string& into) = 0;
};

[[nodiscard]] Result<std::unique_ptr<LogText>> text_of(const LogFile& file);

/// All of it, or all up to where it is damaged.
[[nodiscard]] std::string whole_text_of(const LogFile& file, UnreadLogs& unread);

/// libzstd is loaded when the first compressed log is read: comar is started often, and for other
/// things.
[[nodiscard]] Result<std::unique_ptr<LogText>> compressed_text_of(std::unique_ptr<LogText> file,
                                                                  const std::string& path);

}  // namespace comar::cli
