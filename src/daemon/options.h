// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "daemon/log.h"

namespace comar {

/// comard's command line.
struct Options {
    std::string program;      ///< the file that is executed anew; empty: it is not known
    std::string root;         ///< "": the whole machine
    std::string bus_address;  ///< of the system bus; "": none
    std::string bus_name = "tr.org.pardus.comar";
    LogTarget log_target = LogTarget::automatic;
    std::string log_level = "info";
    bool boot = false;     ///< starts all services that are on, at once
    bool replace = false;  ///< the comard that serves there ends first
    bool detach = false;   ///< goes on in the background
};

/// Reads the command line. Where it asks for help or is wrong, that is printed and the exit code of
/// the program is the error value.
tl::expected<Options, int> read_options(int argc, char** argv);

}  // namespace comar
