// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "daemon/running_call.h"
#include "daemon/service.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "script/facts.h"

namespace comar {

/// Ends the process of a service whose stop() does nothing else, in comard itself: as
/// stopService(pidfile=…) would, without a worker.
class DirectStop {
public:
    /// Null: it is registered no more.
    using FindService = std::function<Service*(const std::string& app)>;
    using Done = std::function<void(CallReply)>;

    /// Loop outlives it. `run`: as DirectStart has it.
    DirectStop(Loop& loop, FindService find_service, std::string run)
        : loop_(loop), find_service_(std::move(find_service)), run_(std::move(run)) {}

    /// Whether comard may do that now: the pidfile names the main process, which it knows.
    [[nodiscard]] bool is_possible(const Service& service, const Facts& facts) const;

    /// `done` is called once, when the process is gone, or has not gone in that time: NotEnded.
    void stop(Service& service, const Facts::PlainStop& plain, std::chrono::milliseconds patience,
              Done done);

    /// Its processes may be other ones than before.
    void look_at(const std::string& app);
    [[nodiscard]] bool is_busy() const { return !stopping_.empty(); }
    /// Ends all waits with the error Cancelled.
    void cancel_all();

private:
    struct Stopping {
        ProcessId process;
        int signo = 0;
        bool notifies = false;
        Done done;
        std::chrono::milliseconds patience{0};
        std::unique_ptr<Timer> timer;
    };

    void late(const std::string& app);
    void finish(const std::string& app, CallReply reply);

    Loop& loop_;
    FindService find_service_;
    std::string run_;
    std::map<std::string, Stopping> stopping_;
};

}  // namespace comar
