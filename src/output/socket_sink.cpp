// SPDX-License-Identifier: MIT
#include "output/socket_sink.h"

#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include <sys/socket.h>

#include <fmt/format.h>
#include <syslog.h>

#include "os/system_error.h"
#include "os/unix_address.h"

namespace comar {
namespace {

int priority_of(Stream stream) { return stream == Stream::err ? LOG_WARNING : LOG_INFO; }

/// RFC 3164 wants the names of the months in English, whatever the locale.
std::string syslog_time(WallTime time) {
    constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t seconds =
        std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    return fmt::format("{} {:2} {:02}:{:02}:{:02}", months.at(static_cast<unsigned>(parts.tm_mon)),
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

bool is_full(int error) { return error == EAGAIN || error == ENOBUFS; }

}  // namespace

Result<> SocketSink::put(std::string_view lines) {
    if (!waiting_.empty()) return keep(lines);
    const int error = send_lines(lines);
    if (error == 0) return {};
    if (is_full(error)) return keep(lines);
    lose(lines);
    return give_up(error);
}

Result<> SocketSink::send_waiting() {
    std::string_view lines = waiting_;
    const int error = send_lines(lines);
    if (error == 0 || is_full(error)) {
        waiting_.erase(0, waiting_.size() - lines.size());
        return {};
    }
    lose(lines);
    waiting_.clear();
    return give_up(error);
}

Result<> SocketSink::keep(std::string_view lines) {
    if (waiting_.size() + lines.size() <= max_waiting) {
        waiting_.append(lines);
        return {};
    }
    lose(lines);
    return give_up(EAGAIN);
}

Result<> SocketSink::give_up(int error) {
    if (is_full(error)) {
        return failure(ErrorKind::busy, "cannot send to " + name() + ": it is full");
    }
    return system_failure("send to " + name(), error);
}

int SocketSink::send_lines(std::string_view& lines) {
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        if (const int error = send_line(line); error != 0) return error;
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    }
    return 0;
}

/// Not connected: whoever listens there may be another one next time.
int SocketSink::send_line(std::string_view line) {
    const auto address = unix_address(path_);
    if (!address) return ENAMETOOLONG;
    if (!socket_) socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_) return errno;
    const std::string text = datagram(parse_log_line(line).value_or(LogLine{{}, {}, line}));
    while (::sendto(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL, as_sockaddr(*address),
                    sizeof *address) < 0) {
        if (errno != EINTR) return errno;
    }
    return 0;
}

JournalSink::JournalSink(const std::string& root, std::string app)
    : SocketSink("the journal", root + "/run/systemd/journal/socket"), app_(std::move(app)) {}

std::string JournalSink::datagram(const LogLine& line) const {
    return fmt::format("PRIORITY={}\nSYSLOG_IDENTIFIER={}\nCOMAR_SERVICE={}\nMESSAGE={}\n",
                       priority_of(line.stream), app_, app_, line.text);
}

SyslogSink::SyslogSink(const std::string& root, std::string app)
    : SocketSink("syslog", root + "/dev/log"), app_(std::move(app)) {}

std::string SyslogSink::datagram(const LogLine& line) const {
    return fmt::format("<{}>{} {}: {}", LOG_DAEMON | priority_of(line.stream),
                       syslog_time(line.time), app_, line.text);
}

}  // namespace comar
