// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include <sys/types.h>

#include "core/result.h"
#include "loop/io_watch.h"
#include "loop/loop.h"
#include "os/unique_fd.h"

namespace comar {

/// What a program says of itself, sd_notify(3). What is not here is ignored, as it should be.
struct Notification {
    bool ready = false;
    bool stopping = false;
    bool reloading = false;
    bool alive = false;    ///< WATCHDOG=1
    bool trigger = false;  ///< WATCHDOG=trigger: act as if it were not
    std::optional<std::string> status;
    std::optional<pid_t> main;
    std::optional<std::uint64_t> watchdog_usec;
    std::optional<std::uint64_t> extend_usec;  ///< EXTEND_TIMEOUT_USEC
};

/// Lines of KEY=VALUE. Of a key that comes twice, the last counts.
[[nodiscard]] Notification parse_notification(std::string_view text);

/// One socket for each service that wants to speak, `<folder>/<app>`: a message is the service's by
/// where it came to, and counts only if its sender is one of its processes, which the kernel tells.
class NotifySockets {
public:
    /// As the kernel tells it.
    struct Sender {
        pid_t pid = 0;  ///< 0: the kernel does not tell
        uid_t uid = 0;
    };
    using Told =
        std::function<void(const std::string& app, const Sender& sender, const Notification&)>;

    /// The loop outlives it.
    NotifySockets(Loop& loop, std::string folder, Told told)
        : loop_(loop), folder_(std::move(folder)), told_(std::move(told)) {}

    /// Those that another comard has handed over: who has connected to one goes on speaking.
    void take_handed_over();
    /// For the next one; none is left here.
    [[nodiscard]] std::vector<UniqueFd> hand_over();

    /// The path of its socket, which is there from now on.
    Result<std::string> open(const std::string& app);
    void close(const std::string& app);

private:
    struct Socket {
        UniqueFd fd;
        std::optional<IoWatch> watch;
    };

    [[nodiscard]] std::string path_of(const std::string& app) const { return folder_ + "/" + app; }
    void read(const std::string& app);
    Result<> add(const std::string& app, UniqueFd fd);

    Loop& loop_;
    std::string folder_;
    Told told_;
    std::map<std::string, Socket> sockets_;
};

}  // namespace comar
