// SPDX-License-Identifier: MIT
#include "core/schedule.h"

#include <algorithm>

namespace comar {
namespace {

/// Where no duration is known, the longer chain is the more urgent one.
constexpr Schedule::Milliseconds shortest{1};

}  // namespace

Schedule::Schedule(std::vector<Node> nodes, std::size_t limit)
    : limit_(std::max<std::size_t>(limit, 1)), left_(nodes.size()) {
    for (Node& node : nodes) steps_.push_back({std::move(node), State::waiting, {}, 0, {}, 0});
    link();
    measure();
    for (std::size_t step = 0; step < steps_.size(); ++step) {
        if (steps_[step].waits_for == 0) make_ready(step);
    }
}

void Schedule::link() {
    for (std::size_t step = 0; step < steps_.size(); ++step) {
        for (const auto& [before, until] : steps_[step].node.after) {
            steps_[before].successors.push_back({step, until});
            ++steps_[step].waits_for;
        }
    }
}

/// From the last ones to the first ones: a step is measured when all that come after it are.
void Schedule::measure() {
    std::vector<std::size_t> unmeasured;
    std::vector<std::size_t> measured;
    for (std::size_t step = 0; step < steps_.size(); ++step) {
        unmeasured.push_back(steps_[step].successors.size());
        if (unmeasured[step] == 0) measured.push_back(step);
    }
    for (std::size_t i = 0; i < measured.size(); ++i) {
        Step& step = steps_[measured[i]];
        step.to_the_end += std::max(step.node.expected, shortest);
        for (const Predecessor& before : step.node.after) {
            auto& rest = steps_[before.step].to_the_end;
            rest = std::max(rest, step.to_the_end);
            if (--unmeasured[before.step] == 0) measured.push_back(before.step);
        }
    }
}

std::vector<std::size_t> Schedule::take() {
    std::vector<std::size_t> taken;
    while (!ready_.empty() && in_flight_.size() - aside_ < limit_) {
        const std::size_t step = ready_.begin()->second;
        ready_.erase(ready_.begin());
        steps_[step].state = State::in_flight;
        in_flight_.push_back(step);
        taken.push_back(step);
    }
    return taken;
}

std::vector<Schedule::Skipped> Schedule::finished(std::size_t step, bool succeeded) {
    std::vector<Skipped> skipped;
    if (is_over(steps_[step].state)) return skipped;
    end(step, succeeded ? State::succeeded : State::failed, skipped);
    for (std::size_t i = 0; i < skipped.size(); ++i) {
        end(skipped[i].step, State::skipped, skipped);
    }
    return skipped;
}

void Schedule::set_aside(std::size_t step) {
    if (steps_[step].state != State::in_flight) return;
    steps_[step].state = State::set_aside;
    ++aside_;
}

/// A step that is over lets those go on that wait for its end, and ends, with the caller's help,
/// those that needed it to succeed.
void Schedule::end(std::size_t step, State state, std::vector<Skipped>& open) {
    const State before = std::exchange(steps_[step].state, state);
    if (before == State::set_aside) --aside_;
    if (before == State::ready) ready_.erase({-steps_[step].to_the_end, step});
    if (before == State::in_flight || before == State::set_aside) std::erase(in_flight_, step);
    --left_;
    for (const auto& [next, until] : steps_[step].successors) {
        Step& successor = steps_[next];
        --successor.waits_for;
        if (successor.state != State::waiting) continue;
        if (until == Until::succeeded && state != State::succeeded) {
            successor.because_of = step;
            successor.state = State::skipped;
            open.push_back({next, step});
        } else if (successor.waits_for == 0) {
            make_ready(next);
        }
    }
}

void Schedule::make_ready(std::size_t step) {
    steps_[step].state = State::ready;
    ready_.emplace(-steps_[step].to_the_end, step);
}

std::vector<std::string> Schedule::chain(std::size_t step) const {
    std::vector<std::string> names{steps_[step].node.name};
    while (steps_[step].state == State::skipped) {
        step = steps_[step].because_of;
        names.push_back(steps_[step].node.name);
    }
    return names;
}

Schedule::Milliseconds Schedule::longest_way() const {
    Milliseconds longest{0};
    for (const Step& step : steps_) {
        if (!is_over(step.state)) longest = std::max(longest, step.to_the_end);
    }
    return longest;
}

}  // namespace comar
