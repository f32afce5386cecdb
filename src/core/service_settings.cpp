// SPDX-License-Identifier: MIT
#include "core/service_settings.h"

namespace comar {

std::string to_string(const Probe& probe) {
    switch (probe.kind) {
        case Probe::Kind::exit:
            return "its start() to end";
        case Probe::Kind::pidfile:
            return "its pidfile";
        case Probe::Kind::notify:
            return "READY=1 from it (sd_notify)";
        case Probe::Kind::fd:
            return "a newline on its descriptor " + std::to_string(probe.number);
        case Probe::Kind::tcp:
            return "a connection to port " + std::to_string(probe.number) + " of " + probe.text;
        case Probe::Kind::unix_socket:
            return "a connection to " + probe.text;
        case Probe::Kind::http:
            return "an answer from " + probe.text;
        case Probe::Kind::function:
            return probe.text + "() of its script";
        case Probe::Kind::command:
            return "the command " + probe.text;
    }
    return "";
}

}  // namespace comar
