// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include <sys/resource.h>

#include "core/result.h"
#include "daemon/outputs.h"
#include "daemon/service.h"
#include "loop/io_watch.h"
#include "loop/loop.h"
#include "os/spawn.h"
#include "script/facts.h"

namespace comar {

/// Starts the program of a service whose start() does nothing else, in comard itself: as
/// startService(detach=True) would, without a worker. So a service that crashed is back at once,
/// though no script host runs.
class DirectStart {
public:
    using FindService = std::function<Service*(const std::string& app)>;
    /// False: it was not started, and its script has to try, and to tell why not.
    using Done = std::function<void(bool started)>;

    /// All of them outlive it. `descriptors`: the limit that programs get; none: ours.
    DirectStart(Loop& loop, Outputs& outputs, FindService find_service,
                std::optional<rlimit> descriptors)
        : loop_(loop),
          outputs_(outputs),
          find_service_(std::move(find_service)),
          descriptors_(descriptors) {}

    /// Whether comard may do that now: it knows that the service does not run.
    [[nodiscard]] bool is_possible(const Service& service, const Facts& facts) const;

    /// `done` is called once, when the program runs, or does not.
    void start(Service& service, const Facts::PlainStart& plain, Done done);

private:
    struct Starting {
        SpawnRequest request;
        UniqueFd output;
        UniqueFd error;
        UniqueFd cgroup;
        Launch launch;
        std::optional<IoWatch> watch;
        std::string pidfile;
        Done done;
    };

    Result<> prepare(const std::string& app, Service& service, Starting& starting);
    Result<Launch> launch(const SpawnRequest& request) const;
    void launched(const std::string& app);

    Loop& loop_;
    Outputs& outputs_;
    FindService find_service_;
    std::optional<rlimit> descriptors_;
    std::map<std::string, Starting> starting_;
};

}  // namespace comar
