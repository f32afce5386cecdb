// SPDX-License-Identifier: MIT
#include "daemon/transitions.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/fault_point.h"
#include "core/log_line.h"
#include "daemon/invoker.h"
#include "os/memory.h"

namespace comar {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

/// Who was to come first has had its time by then.
constexpr auto head_start_patience = 10s;
constexpr auto news_interval = 50ms;
constexpr auto pulse_interval = 500ms;

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

/// Whoever gives it while that goes on waits for its end.
std::string command_of(const BootRecord& record) {
    return "comar " + record.kind + (record.kind == "switch" ? " " + record.group : "");
}

}  // namespace

Transitions::Transitions(Parts parts)
    : parts_(std::move(parts)),
      pulse_(parts_.loop,
             [this] {
                 parts_.progress();
                 pulse_.arm(pulse_interval);
             }),
      news_(parts_.loop, [this] { parts_.progress(); }) {}

void Transitions::boot(const BootOptions& options, Done done) {
    BootOptions wanted = options;
    wanted.group = group_of(options);
    const bool by_state = goes_by_state(*wanted.group) && !is_safe(wanted);
    const Chosen chosen = by_state ? Chosen::by_state : Chosen::by_name;
    std::deque<Stage> stages;
    if (!head_start_names(options).empty()) {
        stages.push_back({[this, wanted, chosen] { return start(head_start_of(wanted), chosen); },
                          head_start_patience});
    }
    stages.push_back({[this, wanted, chosen] { return start(targets_of(wanted), chosen); }, 0ms});
    if (begin("boot", *wanted.group, std::move(done), std::move(stages))) warn_about(options);
}

void Transitions::warn_about(const BootOptions& options) const {
    for (const std::string& warning : options.warnings) spdlog::warn("{}", warning);
    if (options.group && !is_group(*options.group)) {
        spdlog::error("there is no group {}; starting the usual one", *options.group);
    }
    for (const std::string& name : head_start_names(options)) {
        if (parts_.graph.app_of(name)) continue;
        spdlog::warn("no head start for {}: there is no such service", name);
    }
}

void Transitions::open_up() {
    if (std::exchange(is_down_, false)) save();
    parts_.supervisor.open();
}

void Transitions::switch_to(const std::string& group, Done done) {
    if (!is_group(group)) {
        return done(tl::unexpected(CallError{
            "Invalid",
            "cannot switch to " + group + ": there is no such group; write [groups." + group +
                "] with services = [...] into comard.toml, then 'comar daemon-reexec' reads it"}));
    }
    const Chosen chosen = goes_by_state(group) ? Chosen::by_state : Chosen::by_name;
    begin("switch", group, std::move(done),
          {{[this, group] { return stop_all_but(members_of(group)); }, 0ms},
           {[this, group, chosen] { return start(members_of(group), chosen); }, 0ms}});
}

void Transitions::shut_down(Done done) {
    is_down_ = true;
    parts_.supervisor.close();
    begin("shutdown", group_, std::move(done), {{[this] { return stop_all_but({}); }, 0ms}});
}

/// That of an earlier comard which began the same, or a new one.
void Transitions::open_record(const std::string& kind, const std::string& group) {
    record_ = std::exchange(resumed_, std::nullopt);
    const bool goes_on = record_ && record_->kind == kind && record_->group == group;
    if (!goes_on) {
        finished_.clear();
        left_down_ = std::make_shared<std::set<std::string>>();
        in_vain_ = std::make_shared<std::set<std::string>>();
        began_ = parts_.loop.now();
        record_.emplace();
        record_->id = now_as_text();
        record_->kind = kind;
        record_->group = group;
        record_->since_kernel = since_kernel();
        parts_.journal.begin();
    }
    record_->limit = parts_.settings.concurrency;
}

/// Only a shutdown may come in between: whatever goes on then is given up.
bool Transitions::begin(const std::string& kind, const std::string& group, Done done,
                        std::deque<Stage> stages) {
    if (record_ && record_->kind == kind && record_->group == group) {
        waiters_.push_back(std::move(done));
        return false;
    }
    if (record_ && kind != "shutdown") {
        done(tl::unexpected(CallError{"Busy", "cannot begin: a " + record_->kind + " goes on; '" +
                                                  command_of(*record_) +
                                                  "' shows how far it is and waits for its end"}));
        return false;
    }
    if (record_) cut_short(kind);
    group_ = group;
    left_.reset();
    open_record(kind, group);
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
    if (kind == "shutdown") {
        go();
        return true;
    }
    // Administrators may have set something while nobody looked. What is wrong is told when it is
    // started.
    parts_.book.refresh_all([go](const SettingsBook::Unusable&) { go(); });
    return true;
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
    if (is_leaving_) return;
    Stage stage = std::move(stages_.front());
    stages_.pop_front();
    run(std::move(stage));
}

void Transitions::run(Stage stage) {
    const TimePoint before_planning = parts_.loop.now();
    std::vector<Campaign::Step> steps = stage.steps();
    for (const Campaign::Step& step : steps) {
        if (is_finished(step)) continue;
        auto& one = record_->services[step.app];
        // A switch may stop in one stage what it starts in the next.
        if (!one.method.empty() && one.method != to_string(step.kind)) one = {};
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
            submit(step, std::move(done));
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

void Transitions::submit(const Campaign::Step& step, std::function<void(CallReply)> done) {
    if (is_finished(step)) return done(outcome_of(step));
    // Who needs it starts it.
    if (is_turned_off(step)) {
        turned_off_.insert(step.app);
        return done(json());
    }
    CallRequest request;
    request.app = step.app;
    request.model = service_model;
    request.caller = "comar boot";
    request.cause = step.cause;
    request.with_dependents = true;
    request.left_down = left_down_;
    request.in_vain = in_vain_;
    parts_.jobs.submit(
        step.kind, std::move(request),
        [app = step.app, in_vain = in_vain_, done = std::move(done)](CallReply reply) {
            if (!reply) in_vain->insert(app);
            done(std::move(reply));
        });
}

bool Transitions::is_finished(const Campaign::Step& step) const {
    const auto found = finished_.find(step.app);
    return found != finished_.end() && found->second == to_string(step.kind);
}

CallReply Transitions::outcome_of(const Campaign::Step& step) const {
    const BootRecord::Service& one = record_->services.at(step.app);
    if (one.fate == to_string(Campaign::Fate::succeeded)) return json();
    return error_reply("Failed", one.error);
}

bool Transitions::is_turned_off(const Campaign::Step& step) const {
    return step.kind != JobKind::stop && chosen_.contains(step.app) &&
           parts_.start_up.get(step.app) == StartUp::off;
}

void Transitions::decided(const std::string& app, JobKind method) {
    if (!record_ && !left_) return;
    auto& left_down = left_ ? left_->left_down : *left_down_;
    const bool is_new =
        method == JobKind::stop ? left_down.insert(app).second : left_down.erase(app) > 0;
    if (!is_new) return;
    if (left_) return parts_.journal.save(*left_);
    save();
}

void Transitions::moved(const Campaign& campaign, std::size_t place) {
    const Campaign::Step& step = campaign.steps()[place];
    if (is_finished(step)) return;
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
        const bool is_unwanted = left_down_->contains(step.app) || is_turned_off(step);
        if (starts && !is_unwanted && course.fate == Campaign::Fate::skipped)
            missed(step.app, "cannot start " + step.app + ": " + course.error);
        if (turned_off_.contains(step.app)) {
            one.error = "somebody has turned it off meanwhile: it was not started";
        } else if (starts && course.fate == Campaign::Fate::succeeded) {
            parts_.memory.took(step.app, std::chrono::duration_cast<std::chrono::milliseconds>(
                                             course.ended - course.began));
        }
        if (!course.error.empty())
            spdlog::warn("{}: {}: {}", record_->kind, step.app, course.error);
    }
    parts_.journal.add(step.app, one);
    if (!news_.armed()) news_.arm(news_interval);
}

/// It follows when what it requires is there after all, as if it had been asked for by itself.
void Transitions::missed(const std::string& app, const std::string& why) {
    parts_.supervisor.requirements().follow(app);
    if (Service* service = parts_.services.find(app)) {
        service->give_up(why);
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
    save();
    parts_.journal.end();
    parts_.progress();
    for (const Done& done : std::exchange(waiters_, {})) done(record);
    parts_.loop.defer([] { give_back_memory(); });
}

void Transitions::clear() {
    stage_timer_.reset();
    news_.disarm();
    pulse_.disarm();
    stages_.clear();
    finished_.clear();
    chosen_.clear();
    turned_off_.clear();
    // What is still under way keeps its own.
    left_down_ = std::make_shared<std::set<std::string>>();
    in_vain_ = std::make_shared<std::set<std::string>>();
    open_campaigns_ = 0;
}

void Transitions::leave() {
    if (!record_) return;
    is_leaving_ = true;
    stage_timer_.reset();
    for (const auto& campaign : campaigns_) campaign->hold();
    save();
    hand_on_waiters();
}

void Transitions::let_go() {
    if (!record_) return;
    left_ = current_state();
    save();
    hand_on_waiters();
    record_.reset();
    // At once: jobs that are cancelled now are not to be followed by others.
    campaigns_.clear();
    clear();
}

void Transitions::hand_on_waiters() {
    for (const Done& done : std::exchange(waiters_, {})) {
        done(tl::unexpected(
            CallError{"Cancelled", "cannot wait for the end of the " + record_->kind +
                                       ": comard is stopping; the next one goes on with it"}));
    }
}

void Transitions::end() {
    if (!record_ && is_down_) save(true);
    leave();
    let_go();
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
