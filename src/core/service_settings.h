// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace comar {

/// Whether a service that ended by itself is started again (serviceRestart).
enum class RestartPolicy { no, on_failure, always };

/// When, and how often; comar-script(5).
struct RestartSettings {
    using Milliseconds = std::chrono::milliseconds;

    struct Limit {
        unsigned count = 10;
        Milliseconds window{60'000};
        bool operator==(const Limit&) const = default;
    };

    RestartPolicy policy = RestartPolicy::no;
    Milliseconds delay{0};  ///< before the first one; it doubles from there
    Milliseconds longest_delay{60'000};
    Milliseconds reset{10'000};            ///< who has run so long is healthy: delays begin anew
    std::optional<Limit> limit = Limit();  ///< none: for ever
};

/// A question that tells whether a service is ready, or healthy.
struct Probe {
    enum class Kind {
        exit,     ///< start() has returned: a daemon forks when it is ready
        pidfile,  ///< its pidfile names a process of it
        notify,   ///< READY=1, sd_notify(3)
        fd,       ///< a newline on a descriptor, as s6 has it
        tcp,      ///< a connection to `text`, port `number`
        unix_socket,
        http,      ///< an answer of 200 to 399 from the URL `text`
        function,  ///< of the script
        command,   ///< exit code 0
    };

    Kind kind = Kind::exit;
    std::string text;  ///< host, path, URL, name or command
    int number = 0;    ///< port or descriptor
    bool operator==(const Probe&) const = default;
};

/// "a connection to port 80 of 127.0.0.1": what is waited for.
[[nodiscard]] std::string to_string(const Probe& probe);

/// What happens to a service that runs and does not do its work (serviceHealth).
struct HealthSettings {
    Probe check;
    std::chrono::milliseconds every{30'000};
    std::chrono::milliseconds timeout{10'000};
    unsigned failures = 3;  ///< in a row, until something is done
    bool restarts = false;  ///< false: it is only reported
};

/// What is ended after stop(), if it is left (serviceKillMode).
enum class KillMode {
    sessions,  ///< all but login sessions
    all,
    none,
};

/// How comard supervises a service: what its script says, and what an administrator has put in its
/// place. The defaults are those of a script that says nothing.
struct ServiceSettings {
    RestartSettings restart;
    std::optional<Probe> readiness;  ///< none: as the script starts things
    std::chrono::milliseconds ready_timeout{60'000};
    std::optional<HealthSettings> health;
    std::optional<std::chrono::milliseconds> watchdog;
    std::chrono::milliseconds stop_timeout{10'000};
    KillMode kill_mode = KillMode::sessions;
    std::string log = "file";
};

}  // namespace comar
