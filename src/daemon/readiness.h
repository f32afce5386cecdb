// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/service_settings.h"
#include "daemon/calls.h"
#include "daemon/prober.h"
#include "daemon/service.h"
#include "loop/io_watch.h"
#include "loop/loop.h"
#include "loop/timer.h"

namespace comar {

/// Waits until services that were started are ready (serviceReadiness).
class Readiness {
public:
    using Done = std::function<void(CallReply)>;
    using FindService = std::function<Service*(const std::string& app)>;

    /// Loop and calls outlive it. `fifo_folder`: for those that write a newline when ready.
    Readiness(Loop& loop, Calls& calls, FindService find_service, std::string fifo_folder)
        : loop_(loop),
          calls_(calls),
          find_service_(std::move(find_service)),
          fifo_folder_(std::move(fifo_folder)) {}

    /// A start begins: what was said before counts no more. Its FIFO is there from now on.
    Result<> expect(const std::string& app, const Probe& probe);
    /// The start of another comard goes on. Who says so himself, and says nothing in time, counts
    /// as ready: it may have said so while nobody listened.
    Result<> expect_on(const std::string& app, const Probe& probe);
    [[nodiscard]] std::string fifo_of(const std::string& app) const {
        return fifo_folder_ + "/" + app;
    }

    /// The script has returned. `done` gets an error where the service ends first, or is not ready
    /// in time.
    void await(const CallRequest& by, const Probe& probe, std::chrono::milliseconds timeout,
               Done done);

    /// It has ended while it was started: `done` gets the error that says how, once that is known;
    /// or nothing to complain about, where it has ended well.
    void await_end(const CallRequest& by, Done done);

    /// It says so itself, sd_notify(3).
    void told_ready(const std::string& app);
    /// It needs so much longer, EXTEND_TIMEOUT_USEC.
    void told_extension(const std::string& app, std::chrono::microseconds more);
    /// Nobody waits for it any more: `done` gets this error.
    void give_up(const std::string& app, const CallError& error);
    /// Its processes may be other ones than before.
    void look_at(const std::string& app);
    [[nodiscard]] bool is_waiting() const { return !waiting_.empty(); }
    /// Ends all waits with the error Cancelled.
    void cancel_all();
    void forget(const std::string& app);

private:
    struct Waiting {
        CallRequest by;
        Probe probe;
        std::chrono::milliseconds timeout{0};
        Done done;
        TimePoint began;
        TimePoint until;
        std::unique_ptr<Timer> deadline;
        std::unique_ptr<Timer> pause;
        std::unique_ptr<Prober> prober;
        std::chrono::milliseconds interval{0};
        bool is_asking = false;  ///< a function of the script
        std::string problem;     ///< what the last question has found; empty while one is asked
        std::uint64_t round = 0;
    };
    struct Fifo {
        UniqueFd fd;
        std::optional<IoWatch> watch;
    };

    void ask(const std::string& app);
    void ask_function(const std::string& app, Waiting& waiting);
    void begin(const CallRequest& by, const Probe& probe, std::chrono::milliseconds timeout,
               Done done);
    void answered(const std::string& app, std::string problem);
    [[nodiscard]] std::string doubt(const std::string& app, const Probe& probe) const;
    [[nodiscard]] static std::string waited(const Waiting& waiting);
    void late(const std::string& app);
    void finish(const std::string& app, CallReply reply);
    Result<> open_fifo(const std::string& app);
    void forget_start(const std::string& app);

    Loop& loop_;
    Calls& calls_;
    FindService find_service_;
    std::string fifo_folder_;
    std::map<std::string, bool> told_;  ///< those that are expected to tell, and whether they have
    std::set<std::string> unheard_;     ///< who may have said so to another comard
    std::map<std::string, TimePoint> extended_;  ///< who has asked for more time before we wait
    /// Who listened at a service's port before it was started.
    std::map<std::string, std::set<std::uint64_t>> strangers_;
    std::map<std::string, Fifo> fifos_;
    std::map<std::string, Waiting> waiting_;
    std::uint64_t rounds_ = 0;
};

}  // namespace comar
