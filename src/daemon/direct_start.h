// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "core/result.h"
#include "daemon/outputs.h"
#include "daemon/service.h"
#include "loop/io_watch.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "os/launch_batch.h"
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

    /// All of them outlive it. `descriptors`: the limit that programs get; none: ours. `run`: the
    /// folder in memory, below our root, where pidfiles are.
    DirectStart(Loop& loop, Outputs& outputs, FindService find_service,
                std::optional<rlimit> descriptors, std::string run)
        : loop_(loop),
          outputs_(outputs),
          find_service_(std::move(find_service)),
          descriptors_(descriptors),
          run_(std::move(run)) {}

    /// Whether comard may do that now: it knows that the service does not run.
    [[nodiscard]] bool is_possible(const Service& service, const Facts& facts) const;

    /// `done` is called once, when the program runs, or does not. Those that are wanted in one
    /// iteration of the loop are started together.
    void start(Service& service, const Facts::PlainStart& plain, Done done);

    /// Children of comard that are no services: copies of it that start others.
    [[nodiscard]] std::vector<ProcessId> processes() const;

private:
    struct Starting {
        SpawnRequest request;
        UniqueFd output;
        UniqueFd error;
        UniqueFd cgroup;
        std::string pidfile;
        bool notifies = false;
        Done done;
    };
    /// One that is started alone.
    struct Single {
        Launch launch;
        std::optional<IoWatch> watch;
    };
    struct Batch {
        LaunchBatch launch;
        std::vector<std::string> apps;
        std::set<std::string> open;  ///< of which nothing is known yet
        std::optional<IoWatch> watch;
        std::unique_ptr<Timer> timer;
    };

    [[nodiscard]] bool is_quick(const std::string& pidfile) const;
    Result<> prepare(const std::string& app, Service& service, Starting& starting);
    void flush();
    void start_one(const std::string& app);
    void launched(const std::string& app);
    void start_many(const std::vector<std::string>& apps);
    void read(std::uint64_t number);
    void started(const std::string& app, const ProcessId& id);
    void failed(const std::string& app, const std::string& why);

    Loop& loop_;
    Outputs& outputs_;
    FindService find_service_;
    std::optional<rlimit> descriptors_;
    std::string run_;
    std::map<std::string, Starting> starting_;
    std::vector<std::string> wanted_;  ///< in this iteration
    std::map<std::string, Single> singles_;
    std::map<std::uint64_t, Batch> batches_;
    std::uint64_t batch_count_ = 0;
};

}  // namespace comar
