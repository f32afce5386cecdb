// SPDX-License-Identifier: MIT
#include "script/frame_channel.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include <sys/socket.h>
#include <sys/uio.h>

namespace comar {
namespace {

constexpr std::size_t length_size = 4;

std::string encoded_length(std::size_t length) {
    std::string bytes(length_size, '\0');
    for (std::size_t i = 0; i < length_size; ++i) {
        bytes[i] = static_cast<char>((length >> (8 * i)) & 0xff);
    }
    return bytes;
}

std::size_t decoded_length(std::string_view bytes) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < length_size; ++i) {
        length |= std::size_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return length;
}

/// Copying a value goes as deep into the stack as the value is nested, so that must have a limit.
bool nests_too_deep(std::string_view text) {
    constexpr int max_depth = 512;
    int depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string && c == '\\') {
            ++i;
        } else if (c == '"') {
            in_string = !in_string;
        } else if (!in_string && (c == '[' || c == '{') && ++depth > max_depth) {
            return true;
        } else if (!in_string && (c == ']' || c == '}')) {
            --depth;
        }
    }
    return false;
}

Failure broken(std::string_view why) {
    return failure(ErrorKind::invalid, std::string("cannot read from worker: ").append(why));
}

}  // namespace

Result<> FrameChannel::send(const nlohmann::json& message) {
    using nlohmann::json;
    // Text that is not UTF-8 (file names, say) must not make the whole message fail.
    const std::string body = message.dump(-1, ' ', false, json::error_handler_t::replace);
    if (body.size() > max_frame) {
        return failure(ErrorKind::invalid, "cannot send to worker: the message is too large");
    }
    outgoing_ += encoded_length(body.size());
    outgoing_ += body;
    return flush();
}

Result<> FrameChannel::flush() {
    while (has_unsent()) {
        const ssize_t count = ::send(socket_.get(), outgoing_.data() + sent_,
                                     outgoing_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {};
        if (count < 0) {
            const int error = errno;
            return failure(ErrorKind::unavailable,
                           std::string("cannot send to worker: ").append(std::strerror(error)),
                           error);
        }
        sent_ += static_cast<std::size_t>(count);
    }
    outgoing_.clear();
    sent_ = 0;
    return {};
}

Result<std::vector<nlohmann::json>> FrameChannel::receive() {
    std::vector<nlohmann::json> frames;
    const auto count = read_some();
    if (!count) return Failure(count.error());
    drained_ = *count == 0;
    while (true) {
        auto frame = next_frame();
        if (!frame) return Failure(std::move(frame.error()));
        if (!*frame) return frames;
        frames.push_back(std::move(**frame));
    }
}

Result<std::size_t> FrameChannel::read_some() {
    std::array<char, 65536> buffer;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * max_fds)> control;
    iovec part{buffer.data(), buffer.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t count = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (count < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return std::size_t{0};
        if (errno != ECONNRESET) return broken(std::strerror(errno));
        // The header was not filled in: what lies in `control` is no descriptor of ours.
        at_end_ = true;
        return std::size_t{0};
    }
    for (cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr;
         item = CMSG_NXTHDR(&header, item)) {
        if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t fds = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < fds; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(item) + i * sizeof(int), sizeof(int));
            fds_.emplace_back(fd);
        }
    }
    if (fds_.size() > max_fds) return broken("it sent too many file descriptors");
    if (count == 0) {
        at_end_ = true;
        return std::size_t{0};
    }
    incoming_.append(buffer.data(), static_cast<std::size_t>(count));
    return static_cast<std::size_t>(count);
}

Result<std::optional<nlohmann::json>> FrameChannel::next_frame() {
    if (incoming_.size() < length_size) return std::nullopt;
    const std::size_t length = decoded_length(incoming_);
    if (length > max_frame) return broken("it sent a message that is too large");
    if (incoming_.size() < length_size + length) return std::nullopt;
    if (nests_too_deep(std::string_view(incoming_).substr(length_size, length))) {
        return broken("it sent a value that is nested too deeply");
    }
    auto frame = nlohmann::json::parse(
        incoming_.begin() + length_size,
        incoming_.begin() + static_cast<std::ptrdiff_t>(length_size + length), nullptr, false);
    incoming_.erase(0, length_size + length);
    if (!frame.is_object()) return broken("it sent something that is no JSON object");
    return frame;
}

std::optional<UniqueFd> FrameChannel::release() {
    if (has_unsent() || !incoming_.empty() || !fds_.empty() || at_end_) return std::nullopt;
    return std::move(socket_);
}

std::optional<UniqueFd> FrameChannel::take_fd() {
    if (fds_.empty()) return std::nullopt;
    UniqueFd first = std::move(fds_.front());
    fds_.pop_front();
    return first;
}

}  // namespace comar
