// SPDX-License-Identifier: MIT
#include "core/restarts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/histories.h"

namespace comar {
namespace {

using std::chrono::milliseconds;

constexpr std::array policies{RestartPolicy::no, RestartPolicy::on_failure, RestartPolicy::always};
constexpr std::array delays{0, 1, 50, 1000, 7000};
constexpr std::array caps{1, 80, 1000, 60'000, 600'000};
constexpr std::array resets{0, 1, 200, 10'000};
constexpr std::array counts{0U, 1U, 2U, 5U, 10U};
constexpr std::array windows{1, 500, 10'000, 60'000};
/// Around all of the above, so that each edge is met now and then.
constexpr std::array spans{0, 1, 2, 49, 50, 199, 200, 201, 499, 500, 999, 9999, 10'000, 60'000};

RestartSettings any_settings(test::History& history) {
    RestartSettings settings;
    settings.policy = history.pick(policies);
    settings.delay = milliseconds{history.pick(delays)};
    settings.longest_delay = milliseconds{history.pick(caps)};
    settings.reset = milliseconds{history.pick(resets)};
    settings.limit.reset();
    if (history.coin()) {
        settings.limit = {history.pick(counts), milliseconds{history.pick(windows)}};
    }
    return settings;
}

/// One service that ends again and again, and all that must be true of its restarts.
class Life {
public:
    explicit Life(test::History& history) : history_(history), settings_(any_settings(history)) {
        history.note("delay " + text(settings_.delay) + ", cap " + text(settings_.longest_delay) +
                     ", reset " + text(settings_.reset) +
                     (settings_.limit ? ", limit " + std::to_string(settings_.limit->count) +
                                            " in " + text(settings_.limit->window)
                                      : ", for ever"));
    }

    void step() {
        if (history_.one_in(40)) return forget();
        const milliseconds ran{history_.pick(spans)};
        const bool clean = history_.coin();
        now_ += ran;
        history_.note("ran for " + text(ran) + (clean ? ", ends well" : ", fails"));
        // A start that has failed never was healthy, whatever `reset` is.
        if (is_wanted(clean) && ran > milliseconds{0} && ran >= settings_.reset) begin_anew();
        const double random = static_cast<double>(history_.below(1001)) / 1000;
        const auto decision = restarts_.decide(settings_, {clean, now_, ran}, random);
        check(decision, clean, random);
        // Somebody may come late, never early.
        now_ += decision.delay.value_or(milliseconds{0}) + milliseconds{history_.pick(spans)};
    }

private:
    static std::string text(milliseconds time) { return std::to_string(time.count()) + " ms"; }

    [[nodiscard]] bool is_wanted(bool clean) const {
        return settings_.policy == RestartPolicy::always ||
               (settings_.policy == RestartPolicy::on_failure && !clean);
    }

    void begin_anew() {
        given_.clear();
        in_a_row_ = 0;
    }

    void forget() {
        history_.note("forget");
        restarts_ = Restarts();
        begin_anew();
        count_ = 0;
        EXPECT_EQ(restarts_.count(), 0U);
    }

    void check(const Restarts::Decision& decision, bool clean, double random) {
        if (!is_wanted(clean)) {
            EXPECT_FALSE(decision.delay) << "nobody wanted a restart";
            EXPECT_EQ(decision.refusal, "") << "nobody wanted a restart";
            EXPECT_EQ(restarts_.count(), count_);
            return;
        }
        const bool is_full = settings_.limit && given_in_window() >= settings_.limit->count;
        EXPECT_EQ(decision.delay.has_value(), !is_full);
        EXPECT_EQ(decision.refusal.empty(), !is_full);
        if (!decision.delay) return;
        check_delay(*decision.delay, random);
        given_.push_back(now_);
        ++in_a_row_;
        EXPECT_EQ(restarts_.count(), ++count_);
    }

    /// Without and with the longest and shortest jitter; the cap is never passed.
    void check_delay(milliseconds delay, double random) const {
        const auto cap = static_cast<double>(settings_.longest_delay.count());
        const double base = expected_base();
        const double shortest = in_a_row_ == 0 ? base : base * 0.9;
        const double longest = in_a_row_ == 0 ? base : base * 1.1;
        const auto given = static_cast<double>(delay.count());
        EXPECT_GE(given, std::floor(std::min(shortest, cap))) << "random " << random;
        EXPECT_LE(given, std::min(longest, cap)) << "random " << random;
        if (random == 0.5) {
            EXPECT_NEAR(given, std::min(base, cap), 1);
        }
    }

    /// The n-th delay, told another way than the code does: by doubling step by step.
    [[nodiscard]] double expected_base() const {
        const auto first = static_cast<double>(settings_.delay.count());
        if (in_a_row_ == 0) return first;
        const auto step = static_cast<double>(Restarts::first_step.count());
        double base = first > 0 ? std::max(first, step) * 2 : step;
        for (int i = 1; i < in_a_row_ && base < 1e9; ++i) base *= 2;
        return base;
    }

    [[nodiscard]] std::size_t given_in_window() const {
        const auto is_recent = [&](Restarts::TimePoint at) {
            return now_ - at < settings_.limit->window;
        };
        return static_cast<std::size_t>(std::count_if(given_.begin(), given_.end(), is_recent));
    }

    test::History& history_;
    RestartSettings settings_;
    Restarts restarts_;
    Restarts::TimePoint now_{};
    std::vector<Restarts::TimePoint> given_;  ///< since it was healthy last
    int in_a_row_ = 0;
    unsigned count_ = 0;
};

TEST(RestartsModel, NeverTooEarlyNeverTooOftenNeverUnasked) {
    test::explore(20'000, [](test::History& history) {
        Life life(history);
        for (int step = 0; step < 60 && !testing::Test::HasFailure(); ++step) life.step();
    });
}

}  // namespace
}  // namespace comar
