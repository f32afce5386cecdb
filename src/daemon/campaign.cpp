// SPDX-License-Identifier: MIT
#include "daemon/campaign.h"

#include <algorithm>
#include <utility>

namespace comar {
namespace {

using namespace std::chrono_literals;

/// Whoever takes longer waits for something else than a processor, and leaves his place to others.
constexpr auto slow = 2s;

}  // namespace

const char* to_string(Campaign::Fate fate) {
    switch (fate) {
        case Campaign::Fate::waiting:
            return "waiting";
        case Campaign::Fate::in_flight:
            return "in flight";
        case Campaign::Fate::succeeded:
            return "succeeded";
        case Campaign::Fate::failed:
            return "failed";
        case Campaign::Fate::skipped:
            return "skipped";
        case Campaign::Fate::late:
            return "late";
    }
    return "";
}

Schedule Campaign::schedule_of(const std::vector<Step>& steps, std::size_t limit) {
    std::vector<Schedule::Node> nodes;
    nodes.reserve(steps.size());
    for (const Step& step : steps) nodes.push_back({step.app, step.after, step.expected});
    return {std::move(nodes), limit};
}

Campaign::Campaign(Loop& loop, std::vector<Step> steps, Options options, Submit submit,
                   Events events)
    : loop_(loop),
      steps_(std::move(steps)),
      options_(options),
      submit_(std::move(submit)),
      events_(std::move(events)),
      schedule_(schedule_of(steps_, options.limit)),
      courses_(steps_.size()),
      deadline_(loop, [this] { give_up(); }),
      slow_(loop, [this] { look_at_slow_ones(); }) {}

void Campaign::begin() {
    if (options_.deadline > 0ms) deadline_.arm(options_.deadline);
    take();
}

void Campaign::hold() {
    is_held_ = true;
    deadline_.disarm();
    slow_.disarm();
}

/// A job may be over before its submission returns, and brings us here again: the loop goes on.
void Campaign::take() {
    if (is_held_) {
        if (schedule_.is_over()) finish();
        return;
    }
    if (std::exchange(is_taking_, true)) return;
    const std::weak_ptr<bool> alive = alive_;
    for (auto ready = schedule_.take(); !ready.empty() && !is_over_; ready = schedule_.take()) {
        for (const std::size_t step : ready) {
            courses_[step].fate = Fate::in_flight;
            courses_[step].began = loop_.now();
            events_.moved(step);
            submit_(steps_[step], [this, step, alive](const CallReply& reply) {
                if (!alive.expired()) ended(step, reply);
            });
            if (alive.expired()) return;
        }
    }
    is_taking_ = false;
    if (schedule_.is_over()) return finish();
    if (!slow_.armed()) slow_.arm(slow);
}

void Campaign::ended(std::size_t step, const CallReply& reply) {
    Course& course = courses_[step];
    // Late ones end too, in the end; what is told of them stands.
    if (is_over_ || course.fate != Fate::in_flight) return;
    course.fate = reply ? Fate::succeeded : Fate::failed;
    course.ended = loop_.now();
    if (!reply) course.error = reply.error().message;
    const auto skipped = schedule_.finished(step, reply.has_value());
    events_.moved(step);
    for (const Schedule::Skipped& one : skipped) skip(one);
    take();
}

void Campaign::skip(const Schedule::Skipped& skipped) {
    Course& course = courses_[skipped.step];
    course.fate = Fate::skipped;
    course.began = course.ended = loop_.now();
    const auto chain = schedule_.chain(skipped.step);
    course.error = "it requires " + steps_[skipped.because_of].app;
    if (chain.size() > 2) course.error += ", which requires " + chain.back();
    course.error += ", which has failed";
    events_.moved(skipped.step);
}

void Campaign::look_at_slow_ones() {
    for (const std::size_t step : schedule_.in_flight()) {
        if (loop_.now() - courses_[step].began >= slow) schedule_.set_aside(step);
    }
    take();
}

void Campaign::give_up() {
    std::vector<std::size_t> overdue;
    for (std::size_t step = 0; step < steps_.size(); ++step) {
        Course& course = courses_[step];
        if (course.fate != Fate::waiting && course.fate != Fate::in_flight) continue;
        const bool has_begun = course.fate == Fate::in_flight;
        course.error = has_begun ? "it had not ended when time was up; it goes on"
                                 : "its turn had not come when time was up; it goes on by itself";
        course.fate = Fate::late;
        course.ended = loop_.now();
        if (!has_begun) course.began = course.ended;
        events_.moved(step);
        if (!has_begun) overdue.push_back(step);
    }
    // What has to come before each, its job waits for.
    const std::weak_ptr<bool> alive = alive_;
    for (const std::size_t step : overdue) {
        submit_(steps_[step], [](const CallReply&) {});
        if (alive.expired()) return;
    }
    finish();
}

void Campaign::finish() {
    if (std::exchange(is_over_, true)) return;
    deadline_.disarm();
    slow_.disarm();
    // A copy: we may be destroyed in it.
    const auto over = events_.over;
    over();
}

}  // namespace comar
