// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "os/unique_fd.h"
#include "output/log_sink.h"

namespace comar {

/// Sends each line as a datagram to a Unix socket. Where that is full, some lines wait for a
/// moment, as its reader gets no time to empty it while comard sends.
class SocketSink : public LogSink {
public:
    static constexpr std::size_t max_waiting = std::size_t{256} << 10;  ///< bytes

    /// `target` is what messages call it: "the journal".
    SocketSink(std::string target, std::string path)
        : target_(std::move(target)), path_(std::move(path)) {}

    [[nodiscard]] bool has_waiting() const override { return !waiting_.empty(); }
    Result<> send_waiting() override;
    [[nodiscard]] std::string name() const override { return target_ + " (" + path_ + ")"; }

protected:
    Result<> put(std::string_view lines) override;
    /// The datagram for a line.
    [[nodiscard]] virtual std::string datagram(const LogLine& line) const = 0;

private:
    /// Sends lines until one is not taken, and removes those from `lines`; 0, or errno.
    int send_lines(std::string_view& lines);
    int send_line(std::string_view line);
    Result<> keep(std::string_view lines);
    Result<> give_up(int error);

    std::string target_;
    std::string path_;
    UniqueFd socket_;
    std::string waiting_;  ///< lines with their stamps
};

/// The journal's own protocol, systemd.journal-fields(7).
class JournalSink : public SocketSink {
public:
    JournalSink(const std::string& root, std::string app);

protected:
    [[nodiscard]] std::string datagram(const LogLine& line) const override;

private:
    std::string app_;
};

/// syslog as it always was, RFC 3164: the time is local.
class SyslogSink : public SocketSink {
public:
    SyslogSink(const std::string& root, std::string app);

protected:
    [[nodiscard]] std::string datagram(const LogLine& line) const override;

private:
    std::string app_;
};

}  // namespace comar
