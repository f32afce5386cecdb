// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/job.h"
#include "core/predecessor.h"
#include "core/schedule.h"
#include "daemon/calls.h"
#include "loop/loop.h"
#include "loop/timer.h"

namespace comar {

/// The jobs of many services, as parallel as their order and the machine allow. One that hangs
/// holds up only those that come after it.
class Campaign {
public:
    struct Step {
        std::string app;
        JobKind kind = JobKind::start;
        std::vector<Predecessor> after;  ///< places in the list of steps
        std::chrono::milliseconds expected{0};
        std::string cause;  ///< for people
    };
    enum class Fate {
        waiting,
        in_flight,
        succeeded,
        failed,
        skipped,  ///< one that it requires has failed
        late,     ///< it had not ended when time was up
    };
    struct Course {
        Fate fate = Fate::waiting;
        TimePoint began;  ///< when what comes before it was over
        TimePoint ended;
        std::string error;  ///< why it failed or was skipped
    };
    struct Options {
        std::size_t limit = 1;                  ///< how many at once
        std::chrono::milliseconds deadline{0};  ///< for all of it
    };
    using Submit = std::function<void(const Step& step, std::function<void(CallReply)> done)>;
    struct Events {
        /// The course of a step has changed.
        std::function<void(std::size_t step)> moved;
        /// Nothing is left, or time is up: then some are late, and go on by themselves.
        std::function<void()> over;
    };

    /// Loop outlives it. It may be destroyed in `over`, and whenever it is not wanted any more.
    Campaign(Loop& loop, std::vector<Step> steps, Options options, Submit submit, Events events);

    void begin();
    /// Nothing more begins; what has begun is still told of.
    void hold();

    [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
    [[nodiscard]] const Course& course(std::size_t step) const { return courses_[step]; }

private:
    static Schedule schedule_of(const std::vector<Step>& steps, std::size_t limit);
    void take();
    void ended(std::size_t step, const CallReply& reply);
    void skip(const Schedule::Skipped& skipped);
    void look_at_slow_ones();
    void give_up();
    void finish();

    Loop& loop_;
    std::vector<Step> steps_;
    Options options_;
    Submit submit_;
    Events events_;
    Schedule schedule_;
    std::vector<Course> courses_;
    Timer deadline_;
    Timer slow_;
    bool is_taking_ = false;
    bool is_held_ = false;
    bool is_over_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< for jobs that outlive us
};

/// "waiting", "succeeded", …
[[nodiscard]] const char* to_string(Campaign::Fate fate);

}  // namespace comar
