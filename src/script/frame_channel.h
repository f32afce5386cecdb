// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/result.h"
#include "os/unique_fd.h"

namespace comar {

/// One end of a worker's socket: frames of JSON and file descriptors, as docs/protocol.md has them.
/// Never blocks: what the socket does not take at once waits here. The other end may be a script
/// gone wild, so sizes and the number of descriptors are bounded.
class FrameChannel {
public:
    static constexpr std::size_t max_frame = std::size_t{16} << 20;  ///< bytes
    static constexpr std::size_t max_fds = 16;                       ///< received and not yet taken

    /// `socket` is a non-blocking AF_UNIX stream socket.
    explicit FrameChannel(UniqueFd socket) : socket_(std::move(socket)) {}

    [[nodiscard]] int fd() const { return socket_.get(); }

    /// Queues a message and writes as much as the socket takes. Fails where the other end is gone
    /// or the message is larger than a frame may be.
    Result<> send(const nlohmann::json& message);

    /// Goes on writing; call it when the socket is writable.
    Result<> flush();
    [[nodiscard]] bool has_unsent() const { return sent_ < outgoing_.size(); }

    /// Reads what is there, a bounded amount at a time (poll again: it may not be all). Fails on a
    /// broken frame; the channel is of no use then.
    Result<std::vector<nlohmann::json>> receive();

    /// The other end has closed, and all it sent was received.
    [[nodiscard]] bool at_end() const { return at_end_; }
    /// The last receive() found nothing to read: all that was sent so far was received.
    [[nodiscard]] bool drained() const { return drained_; }

    /// Gives the socket away, for another conversation. Empty where this one is not over: something
    /// is unsent, or was received and not taken.
    std::optional<UniqueFd> release();

    /// The descriptor that came longest ago and was not taken yet.
    std::optional<UniqueFd> take_fd();

private:
    Result<std::size_t> read_some();
    Result<std::optional<nlohmann::json>> next_frame();

    UniqueFd socket_;
    std::string outgoing_;
    std::size_t sent_ = 0;
    std::string incoming_;
    std::deque<UniqueFd> fds_;
    bool drained_ = false;
    bool at_end_ = false;
};

}  // namespace comar
