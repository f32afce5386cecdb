// SPDX-License-Identifier: MIT
#include "daemon/transitions.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/fault_point.h"
#include "core/log_line.h"
#include "daemon/invoker.h"
#include "daemon/service_activity.h"
#include "os/atomic_file.h"
#include "os/memory.h"
#include "os/read_file.h"

namespace comar {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr const char* default_group = "default";
/// Who was to come first has had its time by then.
constexpr auto head_start_patience = 10s;
constexpr auto news_interval = 50ms;
constexpr auto pulse_interval = 500ms;
constexpr std::size_t most_bytes = std::size_t{4} << 20;
constexpr mode_t file_mode = 0644;

std::int64_t microseconds(std::chrono::nanoseconds time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

std::int64_t since_kernel() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return microseconds(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

/// "2026-11-27T04:30:00.123456Z"
std::string now_as_text() {
    constexpr std::size_t size = 27;
    const auto now =
        std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now());
    return std::string(StampWriter().stamp(now, Stream::out).substr(0, size));
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Transitions::Transitions(Parts parts)
    : parts_(std::move(parts)),
      pulse_(parts_.loop,
             [this] {
                 parts_.progress();
                 pulse_.arm(pulse_interval);
             }),
      news_(parts_.loop, [this] { tell(); }) {}

// --- what is to be done ------------------------------------------------------------------------

/// Of the default group are those that are on or conditional; another one lists its own.
std::vector<std::string> Transitions::members_of(const std::string& group) const {
    if (const auto found = parts_.settings.groups.find(group);
        found != parts_.settings.groups.end()) {
        return found->second;
    }
    if (group == "rescue") return {};
    if (group == "single") return parts_.settings.essential;
    std::vector<std::string> members;
    for (const auto& [app, state] : parts_.start_up.all()) {
        const bool is_there = parts_.registry.find(service_model, app) != nullptr;
        if (state != StartUp::off && is_there) members.push_back(app);
    }
    return members;
}

std::vector<std::string> Transitions::targets_of(const BootOptions& options) const {
    const bool is_safe = options.safe || parts_.settings.safe;
    auto targets = members_of(options.group.value_or(group_));
    if (!is_safe) return targets;
    std::erase_if(targets, [this](const std::string& app) {
        return !contains(parts_.settings.essential, app);
    });
    return targets;
}

/// Those of the targets that go first.
std::vector<std::string> Transitions::head_start_of(const BootOptions& options) const {
    std::set<std::string> first;
    for (const auto* names : {&options.head_start, &parts_.settings.head_start}) {
        for (const std::string& name : *names) {
            if (const auto app = parts_.graph.resolve(name)) first.insert(*app);
        }
    }
    auto targets = targets_of(options);
    std::erase_if(targets, [&](const std::string& app) { return !first.contains(app); });
    return targets;
}

/// What is asked for, if there is such a group.
std::string Transitions::group_of(const BootOptions& options) const {
    return options.group && is_group(*options.group) ? *options.group : default_group;
}

Transitions::Preview Transitions::preview_of_boot(const BootOptions& options) const {
    BootOptions wanted = options;
    wanted.group = group_of(options);
    const auto first = head_start_of(wanted);
    return {plan_start(parts_.graph, targets_of(wanted), ServiceActivity(parts_.services)),
            first.empty() ? std::set<std::string>() : with_all_below(first)};
}

/// The usual ready() of a service that is on starts it.
bool Transitions::decides_itself(const std::string& app) const {
    const Script* script = parts_.registry.find(service_model, app);
    const StartUp state = parts_.start_up.get(app);
    if (script == nullptr || state == StartUp::off) return false;
    return state == StartUp::conditional || script->facts.defines("ready");
}

/// A target decides by itself whether it starts, if it may; what it needs has no choice.
std::vector<Campaign::Step> Transitions::steps_of(const Plan& plan,
                                                  const std::vector<std::string>& targets) {
    const std::set<std::string> wanted(targets.begin(), targets.end());
    std::vector<Campaign::Step> steps;
    steps.reserve(plan.steps.size());
    for (const PlanStep& one : plan.steps) {
        Campaign::Step step;
        step.app = one.app;
        step.after = one.after;
        step.expected = parts_.memory.expected(one.app);
        if (one.action == StepAction::stop) {
            step.kind = JobKind::stop;
        } else if (wanted.contains(one.app) && decides_itself(one.app)) {
            step.kind = JobKind::ready;
        }
        const std::string reason = describe_reason(one);
        step.cause = record_->kind + (reason.empty() ? "" : ": " + reason);
        steps.push_back(std::move(step));
    }
    return steps;
}

void Transitions::open_up() {
    is_down_ = false;
    parts_.supervisor.open();
}

BootOptions Transitions::kernel_options() const {
    const auto text = read_file(parts_.command_line, most_bytes);
    return text ? parse_boot_options(*text) : BootOptions();
}

// --- what is begun -----------------------------------------------------------------------------

void Transitions::boot(const BootOptions& options, Done done) {
    for (const std::string& warning : options.warnings) spdlog::warn("{}", warning);
    if (options.group && !is_group(*options.group)) {
        spdlog::error("there is no group {}; starting the usual one", *options.group);
    }
    for (const auto* names : {&options.head_start, &parts_.settings.head_start}) {
        for (const std::string& name : *names) {
            if (parts_.graph.app_of(name)) continue;
            spdlog::warn("no head start for {}: there is no such service", name);
        }
    }
    BootOptions wanted = options;
    wanted.group = group_of(options);
    std::deque<Stage> stages;
    if (!wanted.head_start.empty() || !parts_.settings.head_start.empty()) {
        stages.push_back(
            {[this, wanted] { return start(head_start_of(wanted)); }, head_start_patience});
    }
    stages.push_back({[this, wanted] { return start(targets_of(wanted)); }, 0ms});
    begin("boot", *wanted.group, std::move(done), std::move(stages));
}

bool Transitions::is_group(const std::string& name) const {
    return name == default_group || name == "single" || name == "rescue" ||
           parts_.settings.groups.contains(name);
}

std::vector<Campaign::Step> Transitions::start(const std::vector<std::string>& targets) {
    open_up();
    const Plan plan = plan_start(parts_.graph, targets, ServiceActivity(parts_.services));
    for (const auto& [app, error] : plan.refused) {
        spdlog::error("{} is not started: {}", app, error.message);
        record_->services[app] = {"start", {}, -1, -1, -1, "failed", error.message};
    }
    return steps_of(plan, targets);
}

/// The targets, whatever name they go by, and what those require, want or ask for in their code.
std::set<std::string> Transitions::with_all_below(const std::vector<std::string>& targets) const {
    const DependencyGraph& graph = parts_.graph;
    std::set<NameId> met;
    std::vector<NameId> open;
    const auto meet = [&](NameId id) {
        if (met.insert(id).second) open.push_back(id);
    };
    for (const std::string& name : targets) {
        if (const auto id = graph.app_of(name)) meet(*id);
    }
    while (!open.empty()) {
        const NameId id = open.back();
        open.pop_back();
        for (const auto& [other, edge] : graph.needed_by(id)) meet(other);
        for (const auto& [other, edge] : graph.wanted_by(id)) meet(other);
        for (const auto& [other, edge] : graph.preceding(id)) {
            if (is_shown_by_code(*edge)) meet(other);
        }
    }
    std::set<std::string> names;
    for (const NameId id : met) names.insert(graph.names().text(id));
    return names;
}

/// All that run, but for the targets and what is below them.
std::vector<Campaign::Step> Transitions::stop_all_but(const std::vector<std::string>& targets) {
    const auto wanted = with_all_below(targets);
    const ServiceActivity activity(parts_.services);
    std::vector<std::string> unwanted;
    for (const std::string& app : parts_.registry.apps_of(service_model)) {
        if (!wanted.contains(app) && activity.activity(app) != Activity::down) {
            unwanted.push_back(app);
        }
    }
    const auto plan = plan_stop(parts_.graph, unwanted, activity, StopManner::shutdown);
    return plan ? steps_of(*plan, {}) : std::vector<Campaign::Step>();
}

void Transitions::switch_to(const std::string& group, Done done) {
    if (!is_group(group)) {
        return done(tl::unexpected(CallError{
            "Invalid",
            "cannot switch to " + group + ": there is no such group; write [groups." + group +
                "] with services = [...] into comard.toml, then 'comar daemon-reexec' reads it"}));
    }
    begin("switch", group, std::move(done),
          {{[this, group] { return stop_all_but(members_of(group)); }, 0ms},
           {[this, group] { return start(members_of(group)); }, 0ms}});
}

void Transitions::shut_down(Done done) {
    is_down_ = true;
    parts_.supervisor.close();
    begin("shutdown", group_, std::move(done), {{[this] { return stop_all_but({}); }, 0ms}});
}

/// Only a shutdown may come in between: whatever goes on then is given up.
void Transitions::begin(const std::string& kind, const std::string& group, Done done,
                        std::deque<Stage> stages) {
    if (record_ && record_->kind == kind && record_->group == group) {
        return waiters_.push_back(std::move(done));
    }
    if (record_ && kind != "shutdown") {
        return done(tl::unexpected(CallError{
            "Busy", "cannot begin: a " + record_->kind + " goes on; see 'comar analyze'"}));
    }
    if (record_) cut_short(kind);
    record_.emplace();
    record_->id = now_as_text();
    record_->kind = kind;
    record_->group = group;
    record_->since_kernel = since_kernel();
    record_->limit = parts_.settings.concurrency;
    group_ = group;
    began_ = parts_.loop.now();
    waiters_.push_back(std::move(done));
    save();
    fault_point(kind, "begun");
    stages_ = std::move(stages);
    const auto go = [this, id = record_->id] {
        if (!record_ || record_->id != id) return;
        parts_.progress();
        pulse_.arm(pulse_interval);
        next_stage();
    };
    // What runs is stopped as it was started.
    if (kind == "shutdown") return go();
    refresh_all(go);
}

/// Administrators may have set something while nobody looked.
void Transitions::refresh_all(std::function<void()> then) {
    const auto left = std::make_shared<std::size_t>(1);
    const auto one_less = [left, then = std::move(then)] {
        if (--*left == 0) then();
    };
    for (const std::string& app : parts_.registry.apps_of(service_model)) {
        CallRequest by;
        by.app = app;
        by.model = service_model;
        ++*left;
        // What is wrong is told when it is started.
        parts_.book.refresh(by, [one_less](const CallReply&) { one_less(); });
    }
    one_less();
}

/// Of the deadline, which is for all stages together. 0: there is none.
std::chrono::milliseconds Transitions::time_left() const {
    const auto all = parts_.settings.boot_deadline;
    if (all <= 0ms) return 0ms;
    const auto gone =
        std::chrono::duration_cast<std::chrono::milliseconds>(parts_.loop.now() - began_);
    return std::max(all - gone, 1ms);
}

void Transitions::next_stage() {
    if (stages_.empty()) {
        if (open_campaigns_ == 0) over();
        return;
    }
    Stage stage = std::move(stages_.front());
    stages_.pop_front();
    run(std::move(stage));
}

void Transitions::run(Stage stage) {
    const TimePoint before_planning = parts_.loop.now();
    std::vector<Campaign::Step> steps = stage.steps();
    for (const Campaign::Step& step : steps) {
        auto& one = record_->services[step.app];
        one.method = to_string(step.kind);
        one.fate = to_string(Campaign::Fate::waiting);
        one.after.clear();
        for (const Predecessor& before : step.after) one.after.push_back(steps[before.step].app);
    }
    const std::size_t place = campaigns_.size();
    // A campaign that was given up may still be told of what it has begun.
    const auto is_current = [this, id = record_->id] { return record_ && record_->id == id; };
    const auto is_waited_for = std::make_shared<bool>(true);
    const auto next = [this, is_waited_for] {
        if (std::exchange(*is_waited_for, false)) next_stage();
    };
    campaigns_.push_back(std::make_unique<Campaign>(
        parts_.loop, std::move(steps), Campaign::Options{parts_.settings.concurrency, time_left()},
        [this](const Campaign::Step& step, std::function<void(CallReply)> done) {
            CallRequest request;
            request.app = step.app;
            request.model = service_model;
            request.caller = "comar boot";
            request.cause = step.cause;
            request.with_dependents = true;
            if (finished_.contains(step.app)) return done(json());
            parts_.jobs.submit(step.kind, std::move(request), std::move(done));
        },
        Campaign::Events{[this, place, is_current](std::size_t step) {
                             if (is_current()) moved(*campaigns_[place], step);
                         },
                         [this, next, is_current] {
                             if (!is_current()) return;
                             --open_campaigns_;
                             // Not in here: the campaign is still at it.
                             parts_.loop.defer([this, next, is_current] {
                                 if (!is_current()) return;
                                 next();
                                 // Whoever was not waited for may be the last one.
                                 if (is_current() && stages_.empty()) next_stage();
                             });
                         }}));
    ++open_campaigns_;
    record_->planning += microseconds(parts_.loop.now() - before_planning);
    if (stage.patience > 0ms) {
        stage_timer_ = std::make_unique<Timer>(parts_.loop, next);
        stage_timer_->arm(stage.patience);
    }
    campaigns_[place]->begin();
}

void Transitions::moved(const Campaign& campaign, std::size_t place) {
    const Campaign::Step& step = campaign.steps()[place];
    const Campaign::Course& course = campaign.course(place);
    BootRecord::Service& one = record_->services[step.app];
    one.fate = to_string(course.fate);
    one.error = course.error;
    const auto since = [this](TimePoint moment) { return microseconds(moment - began_); };
    // Of one that an earlier stage has begun already, that counts.
    if (course.fate != Campaign::Fate::waiting && one.began < 0) one.began = since(course.began);
    const bool has_ended =
        course.fate != Campaign::Fate::waiting && course.fate != Campaign::Fate::in_flight;
    if (has_ended) {
        one.ended = since(course.ended);
        const bool starts = step.kind != JobKind::stop;
        if (starts && course.fate == Campaign::Fate::skipped) missed(step.app, course.error);
        if (starts && course.fate == Campaign::Fate::succeeded) {
            parts_.memory.took(step.app, std::chrono::duration_cast<std::chrono::milliseconds>(
                                             course.ended - course.began));
        }
        if (!course.error.empty())
            spdlog::warn("{}: {}: {}", record_->kind, step.app, course.error);
    }
    if (!news_.armed()) news_.arm(news_interval);
}

/// It follows when what it requires is there after all, as if it had been asked for by itself.
void Transitions::missed(const std::string& app, const std::string& why) {
    parts_.supervisor.requirements().follow(app);
    if (Service* service = parts_.services.find(app)) {
        service->give_up("cannot start " + app + ": " + why);
    }
}

void Transitions::returned(const std::string& app) {
    if (!record_) return;
    const auto found = record_->services.find(app);
    if (found == record_->services.end() || found->second.began < 0) return;
    found->second.returned = microseconds(parts_.loop.now() - began_);
}

void Transitions::keep_record() {
    record_->duration = microseconds(parts_.loop.now() - began_);
    if (auto kept = parts_.records.keep(*record_); !kept) {
        spdlog::warn("{}", kept.error().message);
    }
}

void Transitions::cut_short(const std::string& by) {
    const std::string why = "cut short by a " + by;
    for (auto& [app, one] : record_->services) {
        const bool is_open = one.fate == to_string(Campaign::Fate::waiting) ||
                             one.fate == to_string(Campaign::Fate::in_flight);
        if (!is_open) continue;
        one.fate = to_string(Campaign::Fate::skipped);
        one.error = why;
    }
    keep_record();
    const std::string kind = std::exchange(record_, std::nullopt)->kind;
    spdlog::warn("the {} is {}", kind, why);
    parts_.loop.defer([held = std::make_shared<std::vector<std::unique_ptr<Campaign>>>(
                           std::exchange(campaigns_, {}))] {});
    clear();
    for (const Done& done : std::exchange(waiters_, {})) {
        done(tl::unexpected(CallError{"Cancelled", "the " + kind + " was " + why}));
    }
}

void Transitions::over() {
    keep_record();
    spdlog::info("{} into {} took {} ms", record_->kind, record_->group, record_->duration / 1000);
    const json record = to_json(*std::exchange(record_, std::nullopt));
    // They may be at it further up.
    parts_.loop.defer([held = std::make_shared<std::vector<std::unique_ptr<Campaign>>>(
                           std::exchange(campaigns_, {}))] {});
    clear();
    tell();
    for (const Done& done : std::exchange(waiters_, {})) done(record);
    parts_.loop.defer([] { give_back_memory(); });
}

void Transitions::clear() {
    stage_timer_.reset();
    news_.disarm();
    pulse_.disarm();
    stages_.clear();
    finished_.clear();
    open_campaigns_ = 0;
}

void Transitions::leave() {
    if (!record_) return;
    save();
    const std::string kind = std::exchange(record_, std::nullopt)->kind;
    // At once: jobs that are cancelled now are not to be followed by others.
    campaigns_.clear();
    clear();
    for (const Done& done : std::exchange(waiters_, {})) {
        done(tl::unexpected(
            CallError{"Cancelled", "cannot wait for the end of the " + kind +
                                       ": comard is stopping; the next one goes on with it"}));
    }
}

void Transitions::end() {
    is_ended_ = true;
    if (record_) return leave();
    if (is_down_) save();
}

// --- what outlives comard ----------------------------------------------------------------------

void Transitions::tell() const {
    save();
    parts_.progress();
}

void Transitions::save() const {
    json state{{"group", group_}, {"is_down", is_down_}, {"is_ended", is_ended_}};
    if (record_) {
        json finished = json::array();
        for (const auto& [app, one] : record_->services) {
            if (one.fate == "succeeded") finished.push_back(app);
        }
        state["kind"] = record_->kind;
        state["finished"] = std::move(finished);
    }
    WithoutSync steps;
    const auto written = write_file_atomically(parts_.state, state.dump(), file_mode, steps);
    if (!written) spdlog::warn("{}", written.error().message);
}

bool Transitions::resume() {
    const auto text = read_file(parts_.state, most_bytes);
    if (!text) return false;
    const json state = json::parse(*text, nullptr, false);
    if (!state.is_object()) {
        spdlog::warn("cannot use {}: it is damaged; a boot that went on is forgotten",
                     parts_.state);
        return false;
    }
    try {
        group_ = state.value("group", default_group);
        is_down_ = state.value("is_down", false);
        if (is_down_) parts_.supervisor.close();
        const std::string kind = state.value("kind", "");
        if (kind.empty()) return !is_down_ || !state.value("is_ended", false);
        finished_ = state.value("finished", std::set<std::string>());
        spdlog::info("going on with the {} that an earlier comard has begun", kind);
        const auto nobody = [](const auto&) {};
        if (kind == "shutdown") {
            shut_down(nobody);
        } else if (kind == "switch") {
            switch_to(group_, nobody);
        } else {
            BootOptions options = kernel_options();
            options.group = group_;
            boot(options, nobody);
        }
        return true;
    } catch (const json::exception& wrong) {
        spdlog::warn("cannot use {}: {}", parts_.state, wrong.what());
        return false;
    }
}

json Transitions::progress() const {
    if (!record_) return json::object();
    json in_flight = json::array();
    std::size_t total = 0;
    std::size_t over = 0;
    std::size_t failed = 0;
    const std::int64_t now = microseconds(parts_.loop.now() - began_);
    for (const auto& [app, one] : record_->services) {
        ++total;
        if (one.fate == "in flight") in_flight.push_back({{"app", app}, {"for", now - one.began}});
        if (one.ended >= 0) ++over;
        if (one.fate == "failed" || one.fate == "skipped" || one.fate == "late") ++failed;
    }
    return {{"kind", record_->kind},
            {"group", record_->group},
            {"total", total},
            {"over", over},
            {"failed", failed},
            {"in_flight", std::move(in_flight)},
            {"for", now}};
}

}  // namespace comar
