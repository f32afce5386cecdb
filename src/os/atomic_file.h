// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include <sys/types.h>

#include "core/result.h"
#include "os/read_file.h"
#include "os/unique_fd.h"

namespace comar {

/// The steps of replacing a file, in the order in which they are taken. A seam: tests cut the power
/// between two of them. `folder` is an fd to work in; messages say "cannot …" without the path.
class ReplaceSteps {
public:
    virtual ~ReplaceSteps() = default;

    /// Creates a file that was not there. os_error EEXIST: that name is taken.
    virtual Result<UniqueFd> create(int folder, const std::string& name);
    /// Writes all of `content`.
    virtual Result<> write(int fd, std::string_view content);
    virtual Result<> set_mode(int fd, mode_t mode);
    /// fsync(2), for files and folders.
    virtual Result<> sync(int fd);
    virtual Result<> rename(int folder, const std::string& from, const std::string& to);
    /// Takes back a file that is not wanted after a step has failed.
    virtual void discard(int folder, const std::string& name) noexcept;
};

/// For files that tell of processes: a power cut ends those too.
class WithoutSync : public ReplaceSteps {
public:
    Result<> sync(int) override { return {}; }
};

/// Replaces `path` by a file with `content` and exactly `mode`, whatever the umask. After a crash
/// or a power cut at any moment it has the old content or the new one, whole; what can remain is a
/// file
/// `.NAME.XXXXXXXX` beside it, so readers of the folder skip names that begin with a dot.
/// A symbolic link at `path` is replaced, not followed. On an error nothing has changed and nothing
/// is left behind, with one exception: when the fsync of the folder fails, the new content is
/// there.
Result<> write_file_atomically(const std::string& path, std::string_view content, mode_t mode);
Result<> write_file_atomically(const std::string& path, std::string_view content, mode_t mode,
                               ReplaceSteps& steps);

/// The same for the file `name` in the folder behind the fd `folder`.
Result<> write_file_atomically_at(int folder, const std::string& name, std::string_view content,
                                  mode_t mode, ReplaceSteps& steps);

}  // namespace comar
