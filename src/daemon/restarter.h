// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "core/restarts.h"
#include "daemon/jobs.h"
#include "daemon/service.h"
#include "loop/loop.h"
#include "loop/timer.h"

namespace comar {

/// Starts services again that ended by themselves, when core/restarts says so; and keeps what
/// somebody wants apart from what comar does.
class Restarter {
public:
    using FindService = std::function<Service*(const std::string& app)>;

    /// Both outlive it.
    Restarter(Loop& loop, FindService find_service)
        : loop_(loop), find_service_(std::move(find_service)) {}
    /// The jobs need the supervisor, which has us.
    void connect(Jobs& jobs) { jobs_ = &jobs; }

    /// As whose caller comar's own jobs run.
    [[nodiscard]] static const char* own_name();
    /// comar itself asks, and nobody else.
    [[nodiscard]] static bool is_own(const CallRequest& request);
    /// Somebody outside asks, by himself: neither comar, nor a boot, nor a script.
    [[nodiscard]] static bool is_from_outside(const CallRequest& request);
    /// A job of comar's own. What becomes of it is told in the log.
    void submit(JobKind kind, const std::string& app, std::string cause);

    /// It should run, and does not any more; Service::Context::ended.
    void ended(const std::string& app, bool clean, std::chrono::milliseconds ran);
    /// An earlier comard has left it waiting to be started again.
    void resume(const std::string& app);
    /// It runs and is not well: starts it again, if it has not been too often already, and later
    /// each time.
    void unwell(const std::string& app, const std::string& problem);
    /// It runs and is well: need not be started again, and after a while all is forgotten.
    void well(const std::string& app);
    /// Somebody starts or stops it: what was counted and planned counts no more.
    void decided_anew(const std::string& app);
    /// Forgets failures: the next one is the first, and what waits is started now.
    void reset(const std::string& app);
    void forget(const std::string& app) { retries_.erase(app); }
    /// comard ends: nobody is started again.
    void shut_down() { shut_down_ = true; }

    /// From now; none: it is not waiting to be started again.
    [[nodiscard]] std::optional<std::chrono::milliseconds> retry_in(const std::string& app) const;

private:
    struct Retry {
        Restarts restarts;
        std::unique_ptr<Timer> timer;
        TimePoint at;
        std::string cause;
        JobKind kind = JobKind::start;  ///< restart: it runs, and is not well
    };

    Retry& retry_of(const Service& service);
    /// For another comard. `waits`: it is planned.
    void note(Service& service, const Retry& retry, bool waits);
    void plan(const std::string& app, Retry& retry, std::chrono::milliseconds delay);
    void start_again(const std::string& app);
    /// From 0 to 1.
    [[nodiscard]] double chance();

    Loop& loop_;
    FindService find_service_;
    Jobs* jobs_ = nullptr;
    std::map<std::string, Retry> retries_;
    std::minstd_rand random_{std::random_device{}()};
    bool shut_down_ = false;
};

}  // namespace comar
