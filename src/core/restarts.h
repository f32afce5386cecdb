// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/service_settings.h"

namespace comar {

/// When a service that ended by itself is started again. The first time at once, unless a delay is
/// set; then the delay doubles up to its cap, with a jitter, so that many services which fail for
/// the same reason do not come back at the same moment. A healthy run makes all forgotten. No
/// clock: the time comes with the question.
class Restarts {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Milliseconds = std::chrono::milliseconds;

    struct Ending {
        bool clean = false;  ///< it ended without an error, of its own accord
        TimePoint now;
        Milliseconds ran{0};  ///< since its start was over; 0: the start has failed
    };

    struct Decision {
        std::optional<Milliseconds> delay;  ///< none: it stays down
        std::string refusal;  ///< why, where a restart was wanted but the limit is reached
    };

    /// Smallest delay after the first restart, from where it doubles.
    static constexpr Milliseconds first_step{100};
    /// By so much of itself a delay is longer or shorter.
    static constexpr double jitter = 0.1;

    /// `random` is from 0 to 1. A delay that is given counts as one restart.
    Decision decide(const RestartSettings& settings, const Ending& ending, double random);

    /// The same whatever the policy: for one that runs and does not do its work.
    Decision once_more(const RestartSettings& settings, TimePoint now, double random);

    /// It has been well for long enough: the next failure is the first one.
    void recovered();

    /// Whether the policy has it started again after such an end.
    [[nodiscard]] static bool wants(RestartPolicy policy, bool clean);

    /// What outlives comard.
    struct Memory {
        unsigned count = 0;
        unsigned in_a_row = 0;
        std::vector<Milliseconds> recent;  ///< how long ago; the newest ones, up to most_recent
    };
    static constexpr std::size_t most_recent = 100;
    [[nodiscard]] Memory memory(TimePoint now) const;
    /// For one that an earlier comard has counted.
    void restore(const Memory& memory, TimePoint now);

    /// Since the last time that all was forgotten by somebody's word; health does not change it.
    [[nodiscard]] unsigned count() const { return count_; }

private:
    /// Empty: one more restart is within the limit, and is counted; else why it is not.
    std::string count_one(const RestartSettings& settings, TimePoint now);
    [[nodiscard]] Milliseconds delay(const RestartSettings& settings, double random) const;

    std::deque<TimePoint> recent_;  ///< in the window of the limit
    unsigned in_a_row_ = 0;         ///< without a healthy run between
    unsigned count_ = 0;
};

}  // namespace comar
