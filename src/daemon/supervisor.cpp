// SPDX-License-Identifier: MIT
#include "daemon/supervisor.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include <spdlog/spdlog.h>

#include "bus/text.h"
#include "daemon/invoker.h"
#include "os/process.h"

namespace comar {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::size_t shown_lines = 10;

bool starts(JobKind method) { return method == JobKind::start || method == JobKind::ready; }

/// Its script cannot be run at all.
bool is_no_script(const CallError& error) {
    return error.name == "SyntaxError" || error.name == "IndentationError" ||
           error.name == "TabError";
}

/// Not the script has failed, but comard has ended it, its process has crashed, or there is none.
bool was_cut_short(const CallError& error) {
    return error.name == "TimedOut" || error.name == "Internal" || is_no_script(error);
}

/// What it had signalled goes on.
bool was_not_heard(const CallError& error) { return error.name == "NotEnded"; }

/// A program may say any number; what is far away is as good as never.
std::chrono::microseconds time_of(std::uint64_t usec) {
    constexpr std::chrono::microseconds longest = std::chrono::hours(24 * 365);
    return std::min<std::uint64_t>(usec, longest.count()) * 1us;
}

/// What it says of itself goes before what is set.
std::chrono::microseconds watchdog_of(const Service& service) {
    const auto& set = service.settings().supervision.watchdog;
    const auto& said = service.watchdog_usec();
    return said ? time_of(*said) : set ? std::chrono::microseconds(*set) : 0us;
}

Probe readiness_of(const Service& service) {
    return service.settings().supervision.readiness.value_or(Probe());
}

}  // namespace

Supervisor::Supervisor(Loop& loop, ChildWatch& children, Calls& calls, Outputs& outputs,
                       FindService find_service, Requirements requirements, Folders folders,
                       std::optional<rlimit> descriptors)
    : loop_(loop),
      outputs_(outputs),
      find_service_(find_service),
      leftovers_(loop, find_service),
      restarter_(loop, find_service),
      requirements_(std::move(requirements)),
      notifications_(
          loop, std::move(folders.notify), find_service,
          [this](const std::string& app) { return jobs_->busy(app); },
          [this](Service& service, const Notification& said) { told(service, said); }),
      readiness_(loop, calls, find_service, std::move(folders.ready)),
      health_(loop, children, calls, outputs, folders.cgroups,
              {[this](const std::string& app, const std::string& problem) {
                   Service* service = find_service_(app);
                   if (service == nullptr) return;
                   if (!problem.empty() && service->health() != problem) {
                       spdlog::warn("{} is not well: {}", app, problem);
                   }
                   service->set_health(problem.empty() ? "ok" : problem);
                   if (problem.empty()) restarter_.well(app);
               },
               [this](const std::string& app, const std::string& problem) { unwell(app, problem); },
               [this](const std::string& app) {
                   abort_for(app, "it has not shown a sign of life in time (watchdog)");
               }}),
      direct_start_(loop, outputs, find_service, descriptors, folders.run),
      direct_stop_(loop, find_service, folders.run),
      calls_(calls) {}

void Supervisor::before(const CallRequest& request, JobKind method, Then then) {
    // Whoever asks for something else than we do decides anew.
    if (!Restarter::is_own(request) && method != JobKind::reload) {
        restarter_.decided_anew(request.app);
        requirements_.decided_anew(request.app);
    }
    if (method == JobKind::stop) return before_stop(request, std::move(then));
    if (starts(method)) return before_start(request, method, std::move(then));
    then(json());
}

/// What somebody outside stops others may need, or need no more, since their settings were edited.
void Supervisor::before_stop(const CallRequest& request, Then then) {
    auto go = [this, request, then = std::move(then)] { take_down(request, then); };
    if (!Restarter::is_from_outside(request)) return go();
    book_->refresh_changed("", std::move(go));
}

void Supervisor::take_down(const CallRequest& request, const Then& then) {
    requirements_.take_down(request, [this, request, then](CallReply down) {
        Service* service = find_service_(request.app);
        if (!down && service != nullptr) service->settle_start();
        const bool is_decision = Restarter::is_from_outside(request) && !request.comes_back;
        if (down && is_decision) decided_(request.app, JobKind::stop);
        then(std::move(down));
    });
}

void Supervisor::before_start(const CallRequest& request, JobKind method, Then then) {
    // Whoever needs it has it started.
    if (!request.left_down) decided_(request.app, method);
    if (is_left_down(request)) {
        return then(
            error_reply("Cancelled", "cannot start " + request.app +
                                         ": somebody has stopped it meanwhile; 'comar start " +
                                         request.app + "' starts it"));
    }
    if (is_closed_) return then(tl::unexpected(closed(request.app)));
    book_->refresh(request, [this, request, then = std::move(then)](CallReply fresh) {
        Service* service = find_service_(request.app);
        if (!fresh && service != nullptr) {
            refused(*service, Restarter::is_own(request), fresh.error());
        }
        if (!fresh || service == nullptr) return then(std::move(fresh));
        // One that runs goes on as it was started; a start() that does nothing changes nothing.
        const bool goes_on = service->running().value_or(false) && !request.comes_back;
        if (goes_on) return prepare(request, then);
        requirements_.bring_up(request, [this, request, then](CallReply there) {
            if (there) return prepare(request, then);
            Service* lacking = find_service_(request.app);
            if (lacking != nullptr && !Jobs::gave_way(there))
                lacking->give_up(there.error().message);
            then(std::move(there));
        });
        service = find_service_(request.app);
        const bool is_waiting = service != nullptr && requirements_.is_waiting(request.app);
        if (is_waiting) service->owe_start(request.cause);
        // It may have been asked for before there was anything to wait for.
        overtaken(request.app);
    });
}

CallError Supervisor::closed(const std::string& app) {
    return {"Closed", "cannot start " + app +
                          ": everything is stopped; 'comar boot' or 'comar switch' starts services "
                          "again"};
}

/// What is to be stopped need not become ready first, nor what it requires. A script that runs is
/// let alone: nobody knows what it is at.
void Supervisor::overtaken(const std::string& app) {
    const auto error = end_ahead(app);
    if (!error) return;
    requirements_.give_up(app, *error);
    readiness_.give_up(app, *error);
}

/// That a stop waits, which nothing keeps from its work, or a restart.
std::optional<CallError> Supervisor::end_ahead(const std::string& app) const {
    const CallRequest* stop = jobs_->behind(app, JobKind::stop);
    if (stop != nullptr && !requirements_.objection(*stop)) {
        return CallError{"Cancelled",
                         "cannot start " + app + ": it is to be stopped (" + stop->cause + ")"};
    }
    if (jobs_->behind(app, JobKind::restart) != nullptr) return Jobs::restarts_instead(app);
    return std::nullopt;
}

/// Of what a boot starts: somebody has stopped it since.
bool Supervisor::is_left_down(const CallRequest& start) const {
    if (!start.left_down || !start.left_down->contains(start.app)) return false;
    const Service* service = find_service_(start.app);
    return service == nullptr || !service->running().value_or(false);
}

void Supervisor::prepare(const CallRequest& start, const Then& then) {
    const std::string& app = start.app;
    Service* service = find_service_(app);
    if (service == nullptr) return then(error_reply("Internal", "Unable to find " + app));
    const bool is_down = !service->running().value_or(false);
    if (is_down) {
        service->use_settings(book_->settings_of(app), book_->stamp_of(app));
        service->set_watchdog(std::nullopt);
        choose_log(*service);
        outputs_.begin_anew(app);
    }
    const Probe probe = readiness_of(*service);
    // Who listens by now may be the service itself.
    auto expected = service->is_half_started() ? readiness_.expect_on(app, probe)
                                               : readiness_.expect(app, probe);
    if (!expected) {
        return then(error_reply("Internal", expected.error().message));
    }
    if (probe.kind != Probe::Kind::exit && is_down) starting_[app] = probe;
    then(json());
}

bool Supervisor::do_directly(const CallRequest& request, JobKind method,
                             std::function<void(std::optional<CallReply>)> answered) {
    Service* service = find_service_(request.app);
    if (method == JobKind::start && service != nullptr && service->is_half_started()) {
        service->take_half_start();
        answered(json());
        return true;
    }
    if (!calls_.is_unlocked(request.app)) return false;
    if (method == JobKind::stop) return stop_directly(request, std::move(answered));
    if (method != JobKind::start) return false;
    return start_directly(request, [answered = std::move(answered)](bool done) {
        answered(done ? std::optional<CallReply>(json()) : std::nullopt);
    });
}

bool Supervisor::start_directly(const CallRequest& request,
                                std::function<void(bool done)> answered) {
    Service* service = find_service_(request.app);
    const Facts* facts = book_->facts_of(request.app);
    const bool is_possible =
        service != nullptr && facts != nullptr && direct_start_.is_possible(*service, *facts);
    if (!is_possible) return false;
    std::string notify_socket;
    if (readiness_of(*service).kind == Probe::Kind::notify) {
        auto opened = notifications_.open(request.app);
        if (!opened) return false;
        notify_socket = std::move(*opened);
    }
    direct_start_.start(*service, *facts->plain_start, notify_socket, std::move(answered));
    return true;
}

/// What has been edited since its start may well say something else by now.
bool Supervisor::stop_directly(const CallRequest& request, DirectStop::Done done) {
    Service* service = find_service_(request.app);
    const Facts* facts = book_->facts_of(request.app);
    const bool is_possible = service != nullptr && facts != nullptr &&
                             service->stamp() == book_->stamp_of(request.app) &&
                             direct_stop_.is_possible(*service, *facts);
    if (is_possible) {
        direct_stop_.stop(*service, *facts->plain_stop,
                          time_to_end(*service).value_or(calls_.limits().change), std::move(done));
    }
    return is_possible;
}

/// Its script or settings cannot be used, so nothing has begun.
void Supervisor::refused(Service& service, bool by_comar, const CallError& error) {
    if (!by_comar) return service.refuse(error.message);
    service.give_up(error.message + "; 'comar reset " + service.app() + "' tries again");
}

void Supervisor::after(const CallRequest& request, JobKind method, CallReply reply, Then then) {
    if (returned_) returned_(request.app);
    if (method == JobKind::stop) {
        // A restart has looked ahead.
        starting_.erase(request.app);
        return stopped(request, std::move(reply), then);
    }
    if (starts(method)) return ready_or_not(request, std::move(reply), std::move(then));
    then(std::move(reply));
}

void Supervisor::ready_or_not(const CallRequest& request, CallReply reply, Then then) {
    const std::string app = request.app;
    const Service* service = find_service_(app);
    const auto starting = starting_.find(app);
    const bool has_some = reply && service != nullptr && service->had_process();
    const bool is_alive = reply && service != nullptr && service->processes().alive();
    if (starting == starting_.end() && has_some && !is_alive) {
        return readiness_.await_end(request,
                                    [this, app, reply, then = std::move(then)](CallReply end) {
                                        then(end ? reply : with_output(app, std::move(end)));
                                    });
    }
    if (starting == starting_.end() || (!has_some && !is_alive)) {
        starting_.erase(app);
        // Of one that ran before, the last lines are not about this.
        const bool was_down = service != nullptr && service->state() == ServiceState::starting;
        return then(reply || !was_down ? std::move(reply) : with_output(app, std::move(reply)));
    }
    find_service_(app)->begin_ready_wait();
    readiness_.await(request, starting->second, service->settings().supervision.ready_timeout,
                     [this, app, reply, then = std::move(then)](CallReply ready) {
                         starting_.erase(app);
                         if (ready) return then(reply);
                         // The next comard waits on.
                         if (shut_down_) return then(std::move(ready));
                         // The stop knows best how to end it.
                         Service* unready = find_service_(app);
                         const bool is_overtaken = unready != nullptr && end_ahead(app);
                         if (!is_overtaken) return kill_failed(app, std::move(ready), then);
                         unready->overtake_start();
                         then(std::move(ready));
                     });
    overtaken(app);
}

/// What is not ready in time is not left half alive.
void Supervisor::kill_failed(const std::string& app, CallReply reply, const Then& then) {
    const Service* service = find_service_(app);
    const auto patience = service == nullptr ? 0ms : service->settings().supervision.stop_timeout;
    leftovers_.end(app, KillMode::all, patience,
                   [this, app, reply = std::move(reply), then](const Leftovers::Report&) {
                       then(with_output(app, reply));
                   });
}

/// Why it has failed, it has mostly said itself.
CallReply Supervisor::with_output(const std::string& app, CallReply error) {
    const Service* service = find_service_(app);
    if (service == nullptr || service->processes().alive()) {
        outputs_.drain(app);
    } else {
        outputs_.end_lines(app);
    }
    if (error) return error;
    std::string& text = error.error().message;
    auto lines = outputs_.last_lines(app, RecentLines::max_lines);
    // What a command printed, the script may have told already.
    const std::string told = text + "\n" + error.error().reported;
    std::erase_if(
        lines, [&told](const std::string& line) { return told.find(line) != std::string::npos; });
    if (lines.empty()) return error;
    text += "; it printed:";
    const std::size_t first = lines.size() - std::min(lines.size(), shown_lines);
    for (std::size_t i = first; i < lines.size(); ++i) text += "\n" + bus::to_bus_text(lines[i]);
    return error;
}

void Supervisor::choose_log(const Service& service) {
    const bool is_set = service.settings().values.contains("log");
    outputs_.set_target(service.app(), is_set
                                           ? parse_output_target(service.settings().supervision.log)
                                           : std::nullopt);
}

/// A stop() that refuses with a reason of its own has its way; all else leaves nothing behind.
void Supervisor::stopped(const CallRequest& request, CallReply reply, const Then& then) {
    const Service* service = find_service_(request.app);
    if (service == nullptr) return then(std::move(reply));
    const ServiceSettings& settings = service->settings().supervision;
    // comar knows its processes, and needs no stop() to end them.
    const bool has_no_stop = !reply && reply.error().name == "Missing" &&
                             settings.kill_mode != KillMode::none && service->processes().alive();
    const bool is_deaf =
        !reply && was_not_heard(reply.error()) && settings.kill_mode != KillMode::none;
    const bool refuses = !reply && !has_no_stop && !is_deaf && !was_cut_short(reply.error());
    if (refuses) return then(std::move(reply));
    if (has_no_stop) reply = json();
    const bool does_it_alone = !reply && (is_deaf || is_no_script(reply.error()));
    // It has had its time already.
    leftovers_.end(
        request.app, settings.kill_mode, is_deaf ? 0ms : settings.stop_timeout,
        [this, app = request.app, reply = std::move(reply), does_it_alone,
         then](const Leftovers::Report& report) {
            report_leftovers(app, report);
            const bool is_ended = does_it_alone && !(report.killed.empty() && report.ended.empty());
            if (is_ended && is_no_script(reply.error())) {
                spdlog::warn("{} was stopped without its stop(): {}", app, reply.error().message);
            }
            if (report.alive.empty()) return then(is_ended ? CallReply(json()) : reply);
            then(error_reply("Failed", "cannot stop " + app + ": even SIGKILL does not end " +
                                           describe(report.alive)));
        });
}

void Supervisor::main_lost(const std::string& app, bool clean) {
    const Service* service = find_service_(app);
    if (service == nullptr || shut_down_) return;
    const ServiceSettings& settings = service->settings().supervision;
    // Where it is not started again, the rest may well be what somebody wants.
    if (!Restarts::wants(settings.restart.policy, clean) || jobs_->busy(app)) return;
    spdlog::warn("{}: its main process has ended ({}); comar ends the others", app,
                 end_of(*service));
    leftovers_.end(app, KillMode::all, settings.stop_timeout, [](const Leftovers::Report&) {});
}

/// For the log, and for whoever asks for the status.
void Supervisor::report_leftovers(const std::string& app, const Leftovers::Report& report) {
    Service* service = find_service_(app);
    const auto tell = [&](const std::string& text) {
        if (service != nullptr) service->add_to_cause(bus::to_bus_text(text));
    };
    if (!report.ended.empty()) {
        const std::string text =
            "its stop() left " + describe(report.ended) + "; comar has ended what was left";
        spdlog::info("{}: {}", app, text);
        tell(text);
    }
    if (!report.killed.empty()) {
        const std::string text = "SIGTERM did not end " + describe(report.killed) + "; SIGKILL has";
        spdlog::warn("{}: {}", app, text);
        tell(text);
    }
}

void Supervisor::changed(const std::string& app) {
    Service* service = find_service_(app);
    if (service != nullptr) notifications_.look_at(*service);
    readiness_.look_at(app);
    direct_stop_.look_at(app);
    requirements_.look_at(app);
    const ServiceState state = service == nullptr ? ServiceState::unknown : service->state();
    const bool is_over = is_down(state) || state == ServiceState::done;
    if (!is_over) over_.erase(app);
    if (is_over && over_.insert(app).second) outputs_.end_lines(app);
    const bool runs = state == ServiceState::running;
    const bool is_watched = watched_.contains(app);
    if (runs == is_watched) return;
    if (runs) return begin_watch(app, *service);
    watched_.erase(app);
    health_.end(app);
    if (service != nullptr) service->set_health("");
}

void Supervisor::begin_watch(const std::string& app, const Service& service) {
    watched_.insert(app);
    health_.begin(app, service.settings().supervision.health,
                  {watchdog_of(service), service.was_found()});
}

void Supervisor::forget(const std::string& app) {
    restarter_.forget(app);
    requirements_.forget(app);
    starting_.erase(app);
    watched_.erase(app);
    over_.erase(app);
    health_.end(app);
    notifications_.forget(app);
    readiness_.forget(app);
    book_->forget(app);
}

void Supervisor::add_to(const CallRequest& call, json& message) {
    Service* service = find_service_(call.app);
    if (service == nullptr || only_reads(call)) return;
    const EffectiveSettings& settings = service->settings();
    if (call.method == to_string(JobKind::stop)) {
        if (const auto patience = time_to_end(*service)) {
            message["stop_seconds"] = std::chrono::duration<double>(*patience).count();
        }
    }
    json own = settings_for_worker(settings.values);
    if (!own.empty()) message["settings"] = std::move(own);
    const Probe probe = readiness_of(*service);
    if (probe.kind == Probe::Kind::fd) {
        message["ready_fifo"] = readiness_.fifo_of(call.app);
        message["ready_fd"] = probe.number;
    }
    if (probe.kind != Probe::Kind::notify && !settings.supervision.watchdog) return;
    if (const auto path = notifications_.open(call.app)) {
        message["notify_socket"] = *path;
    } else {
        spdlog::warn("{}: {}; it cannot say when it is ready", call.app, path.error().message);
    }
}

/// Where somebody has said how long; else the script may wait for as long as a call may take.
std::optional<std::chrono::milliseconds> Supervisor::time_to_end(const Service& service) {
    if (!service.settings().values.contains("stop_timeout")) return std::nullopt;
    return service.settings().supervision.stop_timeout;
}

void Supervisor::told(Service& service, const Notification& said) {
    const std::string& app = service.app();
    if (said.status) service.set_status_text(*said.status);
    if (said.main && !service.set_main(*said.main)) {
        spdlog::warn("{}: it names process {} as its main one, which is none of its", app,
                     *said.main);
    }
    if (said.extend_usec) readiness_.told_extension(app, time_of(*said.extend_usec));
    if (said.ready) readiness_.told_ready(app);
    if (said.trigger) {
        return abort_for(app, "it has asked to be ended itself (WATCHDOG=trigger)");
    }
    if (said.watchdog_usec) {
        service.set_watchdog(*said.watchdog_usec);
        // Who does not run yet, is watched once he does.
        if (watched_.contains(app)) health_.set_watchdog(app, watchdog_of(service));
    }
    if (said.alive) health_.sign_of_life(app);
}

void Supervisor::abort_for(const std::string& app, const char* reason) {
    Service* service = find_service_(app);
    if (service == nullptr || service->state() != ServiceState::running) return;
    spdlog::error("{}: {}; comar ends it", app, reason);
    service->blame(reason);
    // So that it leaves a core, for somebody to see where it hangs.
    if (const auto main = service->main_process()) signal_process(*main, SIGABRT);
    leftovers_.end(app, KillMode::all, service->settings().supervision.stop_timeout,
                   [](const Leftovers::Report&) {});
}

void Supervisor::unwell(const std::string& app, const std::string& problem) {
    Service* service = find_service_(app);
    if (service == nullptr || service->state() != ServiceState::running) return;
    if (jobs_->busy(app)) return service->set_health(problem);
    restarter_.unwell(app, problem);
}

void Supervisor::restore(const std::string& app) {
    const Service* service = find_service_(app);
    if (service == nullptr) return;
    const bool is_up = service->is_half_started() || service->running().value_or(false);
    // Its state was lost, and with it what it was started with.
    if (is_up && service->stamp().empty()) return use_current_settings(app);
    if (is_up) take_up(*service);
}

void Supervisor::go_on(const std::string& app) {
    Service* service = find_service_(app);
    if (service == nullptr) return;
    restarter_.resume(app);
    if (service->is_half_started()) return go_on_with_start(app);
    if (auto unfinished = service->take_unfinished()) {
        restarter_.submit(unfinished->kind, app, std::move(unfinished->cause));
    }
}

/// One that an earlier comard has started.
void Supervisor::take_up(const Service& service) {
    choose_log(service);
    listen_to(service);
    changed(service.app());
}

/// It may speak with sd_notify(3).
void Supervisor::listen_to(const Service& service) {
    const bool speaks = readiness_of(service).kind == Probe::Kind::notify ||
                        service.settings().supervision.watchdog;
    if (!speaks) return;
    if (auto opened = notifications_.open(service.app()); !opened) {
        spdlog::warn("{}: {}", service.app(), opened.error().message);
    }
}

void Supervisor::go_on_with_start(const std::string& app) {
    CallRequest request;
    request.app = app;
    request.model = service_model;
    request.caller = Restarter::own_name();
    request.cause = find_service_(app)->cause();
    jobs_->submit(JobKind::start, std::move(request), [this, app](const CallReply& reply) {
        if (!reply) spdlog::warn("{}: {}", app, reply.error().message);
        if (Service* service = find_service_(app)) service->drop_half_start();
    });
}

void Supervisor::use_current_settings(const std::string& app) {
    CallRequest by;
    by.app = app;
    by.model = service_model;
    book_->refresh(by, [this, app](const CallReply&) {
        Service* service = find_service_(app);
        if (service == nullptr || !service->running().value_or(false)) return;
        service->use_settings(book_->settings_of(app), book_->stamp_of(app));
        take_up(*service);
    });
}

std::vector<ProcessId> Supervisor::processes() const {
    auto all = health_.processes();
    for (const ProcessId& id : direct_start_.processes()) all.push_back(id);
    return all;
}

void Supervisor::shut_down() {
    shut_down_ = true;
    restarter_.shut_down();
    requirements_.set_following(false);
    readiness_.cancel_all();
    direct_stop_.cancel_all();
    health_.shut_down();
}

}  // namespace comar
