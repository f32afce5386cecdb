// SPDX-License-Identifier: MIT
#include "daemon/options.h"

#include <cstdlib>
#include <map>

#include <CLI/CLI.hpp>

namespace comar {
namespace {

constexpr const char* default_bus = "unix:path=/run/dbus/system_bus_socket";

/// A private comard leaves the machine's bus alone unless it is told to use one.
std::string default_bus_for(const std::string& root) {
    if (!root.empty()) return "";
    const char* address = std::getenv("DBUS_SYSTEM_BUS_ADDRESS");
    return address == nullptr ? default_bus : address;
}

const std::map<std::string, LogTarget> log_targets{{"auto", LogTarget::automatic},
                                                   {"stderr", LogTarget::standard_error},
                                                   {"journal", LogTarget::journal},
                                                   {"syslog", LogTarget::syslog}};

/// Empty: it is one. CLI11's own check would show people the numbers behind the words.
std::string complaint_about_target(const std::string& word) {
    if (log_targets.contains(word)) return "";
    return "cannot use '" + word + "': it must be auto, stderr, journal or syslog";
}

}  // namespace

tl::expected<Options, int> read_options(int argc, char** argv) {
    Options options;
    std::string bus = "auto";
    CLI::App app("comard runs service scripts on request, and supervises what they start.",
                 "comard");
    app.set_version_flag("--version", std::string("comard ") + COMAR_VERSION);
    app.add_option("--root", options.root,
                   "Put every path below this folder: a private comard, for any user");
    app.add_option("--bus", bus, "Address of the message bus to serve on, \"none\" for none");
    app.add_option("--bus-name", options.bus_name, "Name to take on that bus")
        ->capture_default_str();
    app.add_flag("--boot", options.boot, "Start all services that are on, as 'comar boot' does");
    app.add_flag("--replace", options.replace,
                 "Take the place of the comard that serves there; services go on running");
    app.add_flag("--detach", options.detach,
                 "Go on in the background; who started it goes on when comard serves");
    app.add_option("--log-level", options.log_level, "trace, debug, info, warning, error or off")
        ->capture_default_str();
    std::string log_target = "auto";
    app.add_option("--log", log_target, "auto, stderr, journal or syslog")
        ->capture_default_str()
        ->check(complaint_about_target);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        constexpr int bad_usage = 2;
        return tl::unexpected(app.exit(error) == 0 ? 0 : bad_usage);
    }
    options.log_target = log_targets.at(log_target);
    options.bus_address = bus == "auto" ? default_bus_for(options.root) : bus;
    if (bus == "none") options.bus_address.clear();
    return options;
}

}  // namespace comar
