// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <sys/types.h>

#include "core/result.h"
#include "os/unique_fd.h"

namespace comar::bus {

/// A Unix stream socket that listens at a path, unix(7). Removes the path at the end, unless
/// something else is there by then. Move-only.
class ListeningSocket {
public:
    /// Non-blocking, close-on-exec. The socket file has `mode` from its first moment. One that
    /// nobody listens on any more is replaced. busy: somebody does; invalid: something other than
    /// a socket is there, or the path is longer than the 107 bytes of sun_path.
    /// One that was handed over to this process, sd_listen_fds(3), is taken as it is.
    static Result<ListeningSocket> create(const std::string& path, mode_t mode);

    ListeningSocket(ListeningSocket&& other) noexcept;
    ListeningSocket& operator=(ListeningSocket&& other) noexcept;
    ~ListeningSocket();

    /// The next client; an empty one: none is there now. Clients that left meanwhile are skipped.
    Result<UniqueFd> accept() const;

    /// Hands it over: it goes on listening, and the path stays. Empty from now on.
    [[nodiscard]] UniqueFd release() noexcept { return std::move(fd_); }

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    ListeningSocket(UniqueFd fd, std::string path, dev_t device, ino_t inode) noexcept;

    UniqueFd fd_;
    std::string path_;
    dev_t device_;
    ino_t inode_;
};

}  // namespace comar::bus
