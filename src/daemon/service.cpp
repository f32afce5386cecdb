// SPDX-License-Identifier: MIT
#include "daemon/service.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <iterator>
#include <memory>
#include <tuple>
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "os/proc_scan.h"
#include "os/wall_clock.h"

namespace comar {
namespace {

using nlohmann::json;

/// Who ends well so soon after its start, and leaves others, has only forked.
constexpr std::chrono::seconds longest_fork{30};

/// Signals that people and init systems use to say "please end".
bool ended_well(const ExitStatus& status) {
    return status.clean() || status.signal == SIGHUP || status.signal == SIGINT ||
           status.signal == SIGTERM || status.signal == SIGPIPE;
}

/// A process that lives, and that nothing of ours can have started, whatever a worker says. One
/// whose number is another's by now has ended, and is of interest for how it did.
bool is_strange(const ProcessId& id) {
    const auto stat = read_stat(id.pid);
    return stat && stat->id == id && !descends_from(id.pid, ::getpid());
}

/// Where nobody has said otherwise; one for all, for most services have no settings.
const std::shared_ptr<const EffectiveSettings>& usual_settings() {
    static const auto usual = std::make_shared<const EffectiveSettings>();
    return usual;
}

}  // namespace

std::string to_string(const Service::LastExit& last) {
    if (last.signal == 0 && last.code < 0) return "";
    return to_string(ExitStatus{std::max(last.code, 0), last.signal});
}

std::string end_of(const Service& service) {
    const std::string how = to_string(service.last_exit());
    return how.empty() ? "an end that nobody saw" : how;
}

Service::Service(Context& context, std::string app)
    : context_(context),
      app_(std::move(app)),
      processes_(
          context.loop, context.children,
          [this](std::uint64_t since) { return context_.orphans(since, app_); }, context.reaps,
          [this](const ProcessId& id) { return context_.taken(id, app_, false); },
          {[this] { emptied(); },
           [this](const ProcessId& id, std::optional<ExitStatus> status) { exited(id, status); }}),
      settings_(usual_settings()) {}

void Service::begin_ready_wait() {
    awaits_ready_ = true;
    save();
}

void Service::take_half_start() {
    is_half_started_ = false;
    had_process_ = true;
}

void Service::drop_half_start() {
    awaits_ready_ = false;
    if (std::exchange(is_half_started_, false) && processes_.alive()) feed(FoundAlive{});
}

void Service::method_began(JobKind method, const std::string& cause) {
    if (method == JobKind::start) prepare();
    // What calls back into its own service goes on with the same start.
    if (methods_.empty()) {
        had_process_ = false;
        if (method == JobKind::stop && state() == ServiceState::running) {
            before_stop_ = {since_, cause_};
        }
        // What runs already goes on for the reason that it had.
        if (method != JobKind::start || state() != ServiceState::running) cause_ = cause;
        restarts_.due = 0;
        owed_.clear();
        if (method == JobKind::start) wanted_ = true;
        if (method == JobKind::stop) wanted_ = false;
        if (method == JobKind::start || method == JobKind::stop) status_text_.clear();
    }
    methods_.push_back(method);
    feed(MethodBegan{method});
    // That it is wanted must outlive us from here on.
    save();
}

void Service::method_ended(JobKind method, bool succeeded, const std::string& error) {
    if (is_handed_on_) return;
    if (const auto ended = std::find(methods_.rbegin(), methods_.rend(), method);
        ended != methods_.rend()) {
        methods_.erase(std::next(ended).base());
    }
    last_error_ = succeeded ? "" : error;
    awaits_ready_ = false;
    bool alive = processes_.alive();
    if (!alive) {
        // Whose end nobody has told of yet may have left another.
        processes_.find_orphans();
        alive = processes_.alive();
    }
    if (method == JobKind::ready && alive) wanted_ = true;
    // The restart ends here, and whoever wanted it did not want it to be down.
    if (method == JobKind::stop && !succeeded && !std::exchange(owed_, "").empty()) {
        wanted_ = alive;
    }
    feed(MethodEnded{method, succeeded, alive, had_process_, std::exchange(is_overtaken_, false)});
}

void Service::settle_start() {
    if (state() != ServiceState::starting || !methods_.empty()) return;
    feed(MethodBegan{JobKind::start});
    feed(MethodEnded{JobKind::start, false, processes_.alive(), had_process_});
}

void Service::script_announced(bool running) { feed(ScriptAnnounced{running}); }

void Service::announce(bool running) {
    context_.announce(app_, running);
    script_announced(running);
}

void Service::prepare() {
    processes_.check_cgroup();
    if (context_.cgroup_parent.empty() || !processes_.cgroup_path().empty()) return;
    if (auto used = processes_.use_cgroup(context_.cgroup_parent, app_); !used) {
        spdlog::warn("{}: {}, going on without", app_, used.error().message);
    }
}

void Service::worker_began(const ProcessId& worker, bool changes) {
    processes_.exclude(worker);
    if (!changes) return;
    workers_.push_back(worker);
    save();
}

void Service::worker_gone(const ProcessId& worker, bool crashed) {
    std::erase(workers_, worker);
    // A worker that crashed could not tell what it has left behind; it is a child of comard now.
    // So is what daemons have forked since a worker told: one that forks twice is another by now.
    const bool has_left_some = std::exchange(has_left_some_, false);
    if ((crashed || has_left_some) && processes_.cgroup_path().empty()) {
        left_behind(context_.orphans(worker.start_time, app_).value_or(std::vector<ProcessId>{}));
        has_left_some_ = false;
        if (crashed && processes_.alive()) feed(FoundAlive{});
    }
    processes_.include(worker);
    watch_somebody();
    changed();
}

/// In a cgroup all are known, but only of those that were adopted it is told how they ended.
void Service::watch_somebody() {
    if (!processes_.adopted().empty()) return;
    if (const auto main = main_process()) processes_.adopt(*main);
}

void Service::process_started(const ProcessId& process, pid_t reaper) {
    const auto stat = read_stat(process.pid);
    const bool lives = stat && stat->id == process;
    // What the script host has started for a worker is the usual case, and quickly told.
    const bool is_sibling = lives && context_.reaps(stat->parent);
    if (lives && !is_sibling && !descends_from(process.pid, ::getpid())) return;
    if (context_.taken(process, app_, is_sibling)) return;
    took(process);
    processes_.adopt(process, reaper);
    note_process();
}

void Service::program_started(const ProcessId& process) {
    took(process);
    processes_.adopt_child(process);
    note_process();
}

void Service::note_process() {
    changed();
    // Only what is written lets another comard find it.
    if (processes_.cgroup_path().empty()) save();
}

/// The first one of a start counts as the main one.
void Service::took(const ProcessId& process) {
    had_process_ = true;
    if (!main_ || !processes_.has_adopted(*main_)) main_ = process;
}

void Service::left_behind(const std::vector<ProcessId>& left) {
    for (const ProcessId& id : left) {
        if (!is_strange(id)) processes_.claim(id);
    }
    if (left.empty()) return;
    had_process_ = true;
    has_left_some_ = true;
    changed();
}

std::string_view Service::sub_state() const {
    if (!methods_.empty()) return to_string(methods_.back());
    if (state() != ServiceState::failed) return to_string(state());
    if (last_exit_.signal != 0) return "signal";
    return last_exit_.code > 0 ? "exit-code" : "script";
}

bool Service::tracked() const { return state() != ServiceState::unknown; }

std::optional<ProcessId> Service::main_process() const {
    // One whose end would have been seen lives: no look into /proc, for lists are long.
    if (main_ && processes_.has_adopted(*main_)) return main_;
    const auto all = processes_.all();
    if (all.empty()) return std::nullopt;
    if (main_ && std::find(all.begin(), all.end(), *main_) != all.end()) return main_;
    // Nobody told: the oldest one it is.
    return *std::min_element(all.begin(), all.end(), [](const ProcessId& a, const ProcessId& b) {
        return std::pair(a.start_time, a.pid) < std::pair(b.start_time, b.pid);
    });
}

std::optional<ProcessId> Service::told_main() const {
    return main_ && processes_.has_adopted(*main_) ? main_ : std::nullopt;
}

bool Service::owns(pid_t pid) const {
    const auto stat = read_stat(pid);
    return stat && (processes_.has_adopted(stat->id) || processes_.has(stat->id));
}

void Service::use_settings(EffectiveSettings settings, std::string stamp) {
    settings_ = settings.values.empty()
                    ? usual_settings()
                    : std::make_shared<const EffectiveSettings>(std::move(settings));
    stamp_ = std::move(stamp);
}

void Service::set_status_text(std::string text) {
    if (status_text_ == text) return;
    status_text_ = std::move(text);
    context_.changed(app_);
}

void Service::set_health(std::string health) {
    if (health_ == health) return;
    health_ = std::move(health);
    context_.changed(app_);
}

void Service::set_watchdog(std::optional<std::uint64_t> usec) {
    if (watchdog_usec_ == usec) return;
    watchdog_usec_ = usec;
    changed();
}

bool Service::set_main(pid_t pid) {
    const auto stat = read_stat(pid);
    if (!stat || !processes_.has(stat->id)) return false;
    processes_.adopt(stat->id);
    main_ = stat->id;
    changed();
    return true;
}

void Service::note_restarts(RestartRecord record) {
    restarts_ = std::move(record);
    changed();
}

void Service::refuse(const std::string& why) {
    last_error_ = why;
    restarts_.due = 0;
    changed();
}

void Service::wait_for(const std::string& app) {
    if (waits_for_.insert(app).second) changed();
}

void Service::wait_for_nobody() {
    if (waits_for_.empty()) return;
    waits_for_.clear();
    changed();
}

void Service::add_to_cause(const std::string& text) {
    cause_ += (cause_.empty() ? "" : "; ") + text;
    changed();
}

void Service::blame(std::string error) {
    died_badly_ = true;
    is_blamed_ = true;
    last_error_ = std::move(error);
    changed();
}

void Service::give_up(std::string reason) {
    last_error_ = std::move(reason);
    restarts_.due = 0;
    owed_.clear();
    changed();
    feed(GivenUp{});
}

void Service::owe_start(const std::string& cause) {
    owed_ = cause;
    changed();
}

void Service::owe_nothing() {
    if (!std::exchange(owed_, "").empty()) changed();
}

void Service::exited(const ProcessId& process, std::optional<ExitStatus> status) {
    if (main_ && *main_ != process) {
        if (status && !processes_.lives(*main_)) heir_ends_.push_back(*status);
        return changed();
    }
    note_end(status);
    changed();
    if (may_have_forked(status)) {
        // What it has left may have ended before this was told.
        for (const ExitStatus& end : processes_.take_unknown_ends(process)) note_end(end);
        for (const ExitStatus& end : std::exchange(heir_ends_, {})) note_end(end);
        if (!processes_.alive()) return;
        // It is the service, and how that ends is still open, and must be heard of.
        main_.reset();
        end_was_clean_ = false;
        watch_somebody();
    } else if (main_ && methods_.empty() && wanted_) {
        // Not in here: whoever ends the others may hear of the last one at once.
        context_.loop.defer([this, clean = !died_badly_, alive = std::weak_ptr<bool>(alive_)] {
            if (!alive.expired() && processes_.alive()) context_.main_lost(app_, clean);
        });
    }
}

void Service::note_end(const std::optional<ExitStatus>& status) {
    died_badly_ = died_badly_ || (status && !ended_well(*status));
    end_was_clean_ = status && ended_well(*status);
    last_exit_ = LastExit{};
    if (status) last_exit_ = {status->signal != 0 ? -1 : status->code, status->signal};
}

/// Whether the main process has gone to the background, as daemons do, though it was to stay.
bool Service::may_have_forked(const std::optional<ExitStatus>& status) const {
    const bool is_new = supervision_.state() == ServiceState::starting ||
                        (methods_.empty() && context_.loop.now() - running_from_ < longest_fork);
    return status && status->clean() && is_new;
}

void Service::emptied() {
    feed(Emptied{!died_badly_});
    died_badly_ = false;
    main_.reset();
    heir_ends_.clear();
}

void Service::feed(const SupervisionEvent& event) {
    const ServiceState before = supervision_.state();
    const auto effects = supervision_.on(event);
    const bool is_new = supervision_.state() != before;
    const bool has_ended = is_new && ends_unasked(before);
    if (is_new) note_state(before, has_ended);
    if (!effects.empty()) changed();
    // Who is told that a method is over relies on it, whatever becomes of comard.
    if (std::holds_alternative<MethodEnded>(event) && unsaved_) save();
    for (const SupervisionEffect& effect : effects) {
        if (const auto* announce = std::get_if<Announce>(&effect)) {
            context_.announce(app_, announce->running);
        }
    }
    if (has_ended) tell_end(before);
}

/// It has gone down since `before`, though it is wanted.
bool Service::ends_unasked(ServiceState before) const {
    return is_down(state()) && !is_down(before) && wanted_ && methods_.empty();
}

void Service::note_state(ServiceState before, bool has_ended) {
    const ServiceState now = supervision_.state();
    if (now == ServiceState::running && before == ServiceState::stopping && before_stop_) {
        // It did not stop, and runs as it did.
        std::tie(since_, cause_) = *std::exchange(before_stop_, std::nullopt);
        return;
    }
    since_ = wall_clock();
    was_found_ = was_found_ && now == ServiceState::running;
    if (now == ServiceState::running) {
        running_from_ = context_.loop.now();
        end_was_clean_ = false;
        died_badly_ = false;
        is_blamed_ = false;
    }
    // Whoever started it has not asked for this.
    if (has_ended && before == ServiceState::running) {
        cause_ = is_blamed_ ? "comar has ended it" : "it has ended by itself";
    }
}

void Service::tell_end(ServiceState before) {
    const ServiceState now = supervision_.state();
    // However short it was: 0 says that the start has failed.
    const auto ran = before == ServiceState::running
                         ? std::max(runs_for(), std::chrono::milliseconds{1})
                         : std::chrono::milliseconds{0};
    context_.ended(app_, now == ServiceState::stopped && end_was_clean_, ran);
}

/// Several changes of one iteration are written once.
void Service::changed() {
    context_.changed(app_);
    if (unsaved_) return;
    unsaved_ = true;
    context_.loop.defer([this, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired() && unsaved_) save();
    });
}

}  // namespace comar
