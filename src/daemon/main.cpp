// SPDX-License-Identifier: MIT
#include <csignal>
#include <cstdio>

#include <spdlog/spdlog.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/options.h"

namespace {

int complain(const comar::Error& error) {
    std::fprintf(stderr, "comard: %s\n", error.message.c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    auto options = comar::read_options(argc, argv);
    if (!options) return options.error();
    const auto logging =
        comar::set_up_log(options->log_target, options->log_level, options->root.empty());
    if (!logging) return complain(logging.error());
    ::signal(SIGPIPE, SIG_IGN);
    // A terminal that closes is no reason to stop supervising.
    ::signal(SIGHUP, SIG_IGN);
    const auto daemon = comar::Daemon::create(std::move(*options));
    if (!daemon) return complain(daemon.error());
    const auto code = (*daemon)->run();
    return code ? *code : complain(code.error());
}
