// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
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
#include "os/spawner.h"
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
                std::optional<rlimit> descriptors, std::string run);

    /// Whether comard may do that now: it knows that the service does not run, or sees it by what
    /// its script would look at.
    [[nodiscard]] bool is_possible(const Service& service, const Facts& facts) const;

    /// `notify_socket`: where it says that it is ready; empty: nowhere. `done` is called once, when
    /// the program runs, or does not.
    void start(Service& service, const Facts::PlainStart& plain, const std::string& notify_socket,
               Done done);

    [[nodiscard]] bool is_busy() const { return !starting_.empty(); }

    /// Children of comard that are no services: what starts them.
    [[nodiscard]] std::vector<ProcessId> processes() const;

private:
    struct Starting {
        std::string app;
        BackgroundProgram program;
        bool notifies = false;
        Done done;
    };

    [[nodiscard]] bool names_nobody(const std::string& pidfile) const;
    Result<BackgroundProgram> prepare(Service& service, const Facts::PlainStart& plain,
                                      const std::string& notify_socket);
    void pump();
    Result<> send(std::uint64_t number);
    Result<> make_spawner();
    void read();
    void lose_spawner();
    void started(std::uint64_t number, const ProcessId& id, const std::string& problem);
    void failed(std::uint64_t number, const std::string& why);

    Loop& loop_;
    Outputs& outputs_;
    FindService find_service_;
    std::optional<rlimit> descriptors_;
    std::string run_;
    std::optional<Spawner> spawner_;
    std::optional<IoWatch> watch_;
    Timer patience_;
    std::uint64_t last_number_ = 0;
    std::map<std::uint64_t, Starting> starting_;
    std::deque<std::uint64_t> waiting_;  ///< not sent yet
    std::set<std::uint64_t> sent_;
};

}  // namespace comar
