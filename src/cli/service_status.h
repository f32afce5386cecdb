// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/bus.h"
#include "cli/exit_code.h"
#include "cli/moment.h"
#include "cli/terminal.h"
#include "core/result.h"

namespace comar::cli {

/// What comard knows of a service: the properties of Supervision, docs/dbus.md.
struct ServiceStatus {
    std::string name;
    std::string state = "unknown";  ///< running, stopped, starting, stopping, failed or unknown
    std::string start_up;           ///< on, off or conditional
    std::string type;
    std::map<std::string, std::string> descriptions;  ///< by language
    std::uint32_t main_pid = 0;                       ///< 0: none
    std::vector<std::uint32_t> pids;
    Moment since{0};      ///< 0: unknown
    int exit_code = -1;   ///< -1: not known, or by a signal
    int exit_signal = 0;  ///< 0: none
    std::uint32_t restarts = 0;
    std::string control_group;  ///< empty: none
    std::uint64_t memory_bytes = 0;
    std::chrono::microseconds cpu_time{0};
    std::string script;
    std::string last_error;        ///< empty: the last job succeeded
    std::string cause;             ///< who wanted the last change, and why
    std::string health;            ///< "ok", or what is wrong; empty: nobody looks
    std::string status_text;       ///< what it says of itself
    bool wanted = false;           ///< somebody has started it, and nobody has stopped it since
    bool edited = false;           ///< script or settings have changed since it was started
    std::uint64_t lost_lines = 0;  ///< of its output, that no log has taken
    std::chrono::microseconds retry{0};  ///< until it is started again; 0: it is not
    std::vector<std::string> requires_services;
    std::vector<std::string> lacks;  ///< what it requires, and that does not run
    std::vector<std::string> required_by;
};

/// The call that read_status() reads the reply of: one GetAll.
[[nodiscard]] Message status_call(Bus& bus, const std::string& service);

/// Reads the reply to status_call(). A property that is missing or of another type keeps its
/// default: an older or newer comard is no reason to tell nothing.
[[nodiscard]] Result<ServiceStatus> read_status(sd_bus_message* reply, const std::string& service);

/// The code of LSB's action `status`: running, not running, unknown.
[[nodiscard]] ExitCode exit_code_of(const ServiceStatus& status);

/// The color of a state of Supervision.
[[nodiscard]] Color color_of_state(const std::string& state);

}  // namespace comar::cli
