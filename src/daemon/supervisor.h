// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/direct_start.h"
#include "daemon/direct_stop.h"
#include "daemon/health.h"
#include "daemon/jobs.h"
#include "daemon/leftovers.h"
#include "daemon/notifications.h"
#include "daemon/outputs.h"
#include "daemon/readiness.h"
#include "daemon/requirements.h"
#include "daemon/restarter.h"
#include "daemon/service.h"
#include "daemon/settings_book.h"

namespace comar {

/// Keeps services as they are wanted: waits until they are ready, ends what a stop() leaves, starts
/// those again that ended by themselves, and watches over their health. What it decides is in
/// core/; who does it are the parts below.
class Supervisor : public JobSteps {
public:
    using FindService = Readiness::FindService;

    struct Folders {
        std::string notify;   ///< sockets for sd_notify(3)
        std::string ready;    ///< FIFOs for a newline
        std::string run;      ///< pidfiles of services, in memory
        std::string cgroups;  ///< of comard's; empty: there are none
    };

    /// All of them outlive it.
    Supervisor(Loop& loop, ChildWatch& children, Calls& calls, Outputs& outputs,
               FindService find_service, Requirements requirements, Folders folders,
               std::optional<rlimit> descriptors);

    /// Both need the supervisor, and it needs them.
    void connect(Jobs& jobs, SettingsBook& book) {
        jobs_ = &jobs;
        book_ = &book;
        restarter_.connect(jobs);
        requirements_.connect(jobs);
    }

    // JobSteps
    void before(const CallRequest& request, JobKind method, Then then) override;
    bool do_directly(const CallRequest& request, JobKind method,
                     std::function<void(std::optional<CallReply>)> answered) override;
    void after(const CallRequest& request, JobKind method, CallReply reply, Then then) override;
    [[nodiscard]] std::optional<CallError> objection(const CallRequest& stop) const override {
        return requirements_.objection(stop);
    }
    void overtaken(const std::string& app) override;

    // What happens to services.
    /// `clean`: without an error.
    void main_lost(const std::string& app, bool clean);
    void changed(const std::string& app);
    /// Not registered any more.
    void forget(const std::string& app);

    /// What the worker of a call needs of all this.
    void add_to(const CallRequest& call, nlohmann::json& message);
    /// It says "started" before it is ready: comar will say it then.
    [[nodiscard]] bool holds_back(const std::string& app) const { return starting_.contains(app); }

    /// Who starts services again.
    [[nodiscard]] Restarter& restarter() { return restarter_; }
    [[nodiscard]] const Restarter& restarter() const { return restarter_; }
    /// Who keeps services and what they require together.
    [[nodiscard]] Notifications& notifications() { return notifications_; }
    [[nodiscard]] Requirements& requirements() { return requirements_; }
    [[nodiscard]] const Requirements& requirements() const { return requirements_; }
    /// Everything is being stopped: nothing starts, and nobody follows what it requires, until
    /// open().
    void close() {
        is_closed_ = true;
        requirements_.set_following(false);
    }
    void open() {
        is_closed_ = false;
        requirements_.set_following(true);
    }
    [[nodiscard]] bool is_closed() const { return is_closed_; }
    /// Why it does not start then.
    [[nodiscard]] static CallError closed(const std::string& app);
    /// Hears of each start or stop that has returned; the service may not be ready yet.
    void on_return(std::function<void(const std::string& app)> returned) {
        returned_ = std::move(returned);
    }
    /// Hears of each stop that somebody outside has asked for, when nothing speaks against it any
    /// more, and of each start that is not a boot's.
    void on_decision(std::function<void(const std::string& app, JobKind method)> decided) {
        decided_ = std::move(decided);
    }
    /// Sockets and timers of services that an earlier comard has started.
    void restore(const std::string& app);
    /// After that of all: the starts and stops that it has not finished.
    void go_on(const std::string& app);
    /// Whether somebody waits for a service to run, to be ready, or to be gone.
    [[nodiscard]] bool is_waiting() const {
        return readiness_.is_waiting() || direct_start_.is_busy() || direct_stop_.is_busy() ||
               leftovers_.is_busy();
    }
    /// Children of comard that are no services': commands that check their health.
    [[nodiscard]] std::vector<ProcessId> processes() const;
    /// comard ends: nobody is started again, and who waits gets an answer.
    void shut_down();
    /// And nothing of its own is left.
    void release() { health_.release(); }

private:
    void before_stop(const CallRequest& request, Then then);
    void take_down(const CallRequest& request, const Then& then);
    void before_start(const CallRequest& request, JobKind method, Then then);
    [[nodiscard]] bool is_left_down(const CallRequest& start) const;
    void prepare(const CallRequest& start, const Then& then);
    void ready_or_not(const CallRequest& request, CallReply reply, Then then);
    void stopped(const CallRequest& request, CallReply reply, const Then& then);
    void report_leftovers(const std::string& app, const Leftovers::Report& report);
    void told(Service& service, const Notification& said);
    static void refused(Service& service, bool by_comar, const CallError& error);
    void kill_failed(const std::string& app, CallReply reply, const Then& then);
    void abort_for(const std::string& app, const char* reason);
    void unwell(const std::string& app, const std::string& problem);
    void begin_watch(const std::string& app, const Service& service);

    bool start_directly(const CallRequest& request, std::function<void(bool done)> answered);
    bool stop_directly(const CallRequest& request, DirectStop::Done done);
    [[nodiscard]] CallReply with_output(const std::string& app, CallReply error);
    [[nodiscard]] static std::optional<std::chrono::milliseconds> time_to_end(
        const Service& service);
    [[nodiscard]] std::optional<CallError> end_ahead(const std::string& app) const;
    void take_up(const Service& service);
    void listen_to(const Service& service);
    void go_on_with_start(const std::string& app);
    void use_current_settings(const std::string& app);
    void choose_log(const Service& service);

    Loop& loop_;
    Outputs& outputs_;
    FindService find_service_;
    Leftovers leftovers_;
    Restarter restarter_;
    Requirements requirements_;
    Notifications notifications_;
    Readiness readiness_;
    Health health_;
    DirectStart direct_start_;
    DirectStop direct_stop_;
    Calls& calls_;
    Jobs* jobs_ = nullptr;
    SettingsBook* book_ = nullptr;
    std::map<std::string, Probe> starting_;  ///< whose readiness is more than the end of start()
    std::set<std::string> watched_;          ///< for which health_ has begun
    std::set<std::string> over_;             ///< whose last line is in their log
    std::function<void(const std::string&)> returned_;
    std::function<void(const std::string&, JobKind)> decided_;
    bool is_closed_ = false;
    bool shut_down_ = false;
};

}  // namespace comar
