// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/result.h"

namespace comar {

/// Where everything is (DESIGN, "Where things are"). All of it lies below `root`, which is empty
/// for the whole machine; what comes with the program (models, script host) lies beside it.
struct Paths {
    std::string root;         ///< "" or an absolute path without a slash at the end
    std::string data;         ///< /var/lib/comar
    std::string scripts;      ///< /var/lib/comar/scripts
    std::string memory;       ///< /var/lib/comar/starts.json: what earlier starts have taught
    std::string boots;        ///< /var/lib/comar/boots: how the last ones went
    std::string start_up;     ///< /etc/mudur/services
    std::string conf;         ///< /etc/conf.d
    std::string settings;     ///< /etc/comar/comard.toml
    std::string profile_env;  ///< /etc/profile.env
    std::string run;          ///< /run/comar
    std::string socket;       ///< /run/comar/bus
    std::string state;        ///< /run/comar/state: what outlives comard
    /// /run/comar/transition: a boot or shutdown that goes on, or has been
    std::string transition;
    std::string course;      ///< /run/comar/transition-course: how far that is
    std::string boot_id;     ///< /run/comar/boot-id: to which start of the machine all that belongs
    std::string notify;      ///< /run/comar/notify: sockets for sd_notify(3)
    std::string ready;       ///< /run/comar/ready: FIFOs for a newline of those that are ready
    std::string overrides;   ///< /etc/comar/services: what an administrator has set
    std::string output;      ///< /run/comar/output: the FIFOs of the services
    std::string lock;        ///< /run/lock/comar; /run/comar/locks if somebody else has that one
    std::string log;         ///< /var/log/comar
    std::string models;      ///< <prefix>/share/comar/models
    std::string host;        ///< the program comar-script-host
    std::string compressor;  ///< the program comar-log-compress
};

/// `root` as given on the command line, "" for the machine; it is created when missing. The prefix
/// is found from the place of the running program.
Result<Paths> find_paths(const std::string& root);

/// Creates the folders that comard writes to, with the modes they should have. Changes `lock` where
/// the usual folder belongs to somebody else.
Result<> make_folders(Paths& paths);

}  // namespace comar
