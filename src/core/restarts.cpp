// SPDX-License-Identifier: MIT
#include "core/restarts.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace comar {
namespace {

/// 2^30 steps of 100 ms are three years; no cap is that long.
constexpr unsigned most_doublings = 30;

std::string times(std::size_t count) {
    return std::to_string(count) + (count == 1 ? " time" : " times");
}

std::string span(std::chrono::milliseconds time) {
    const auto count = time.count();
    return count % 1000 == 0 ? std::to_string(count / 1000) + " s" : std::to_string(count) + " ms";
}

}  // namespace

Restarts::Decision Restarts::decide(const RestartSettings& settings, const Ending& ending,
                                    double random) {
    if (!wants(settings.policy, ending.clean)) return {};
    if (ending.ran > Milliseconds{0} && ending.ran >= settings.reset) recovered();
    return once_more(settings, ending.now, random);
}

Restarts::Decision Restarts::once_more(const RestartSettings& settings, TimePoint now,
                                       double random) {
    if (std::string refusal = count_one(settings, now); !refusal.empty()) {
        return {std::nullopt, std::move(refusal)};
    }
    const Milliseconds wait = delay(settings, random);
    ++in_a_row_;
    return {wait, ""};
}

std::string Restarts::count_one(const RestartSettings& settings, TimePoint now) {
    if (settings.limit) {
        const auto window = settings.limit->window;
        while (!recent_.empty() && now - recent_.front() >= window) recent_.pop_front();
        if (recent_.size() >= settings.limit->count) {
            return "it was started again " + times(recent_.size()) + " within " + span(window);
        }
        recent_.push_back(now);
    }
    ++count_;
    return "";
}

void Restarts::recovered() {
    in_a_row_ = 0;
    recent_.clear();
}

Restarts::Memory Restarts::memory(TimePoint now) const {
    Memory memory{count_, in_a_row_, {}};
    const auto left_out = recent_.size() - std::min(recent_.size(), most_recent);
    for (std::size_t i = left_out; i < recent_.size(); ++i) {
        memory.recent.push_back(std::chrono::duration_cast<Milliseconds>(now - recent_[i]));
    }
    return memory;
}

void Restarts::restore(const Memory& memory, TimePoint now) {
    count_ = memory.count;
    in_a_row_ = memory.in_a_row;
    recent_.clear();
    for (const Milliseconds ago : memory.recent) recent_.push_back(now - ago);
}

bool Restarts::wants(RestartPolicy policy, bool clean) {
    return policy == RestartPolicy::always || (policy == RestartPolicy::on_failure && !clean);
}

Restarts::Milliseconds Restarts::delay(const RestartSettings& settings, double random) const {
    if (in_a_row_ == 0) return std::min(settings.delay, settings.longest_delay);
    // The first delay is a step of its own only where it is one.
    const unsigned doublings = settings.delay > Milliseconds{0} ? in_a_row_ : in_a_row_ - 1;
    const auto steps = std::uint64_t{1} << std::min(doublings, most_doublings);
    const auto base = std::max(settings.delay, first_step);
    const double wanted = static_cast<double>(base.count()) * static_cast<double>(steps) *
                          (1 + jitter * (2 * random - 1));
    const auto cap = static_cast<double>(settings.longest_delay.count());
    return Milliseconds{static_cast<Milliseconds::rep>(std::min(wanted, cap))};
}

}  // namespace comar
