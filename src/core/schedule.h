// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/predecessor.h"

namespace comar {

/// Which step to begin next, as soon as its predecessors allow, and not more than a limit at once.
/// Those go first on which the longest way to the end hangs. A start and a stop are the same to it.
class Schedule {
public:
    using Milliseconds = std::chrono::milliseconds;

    struct Node {
        std::string name;
        std::vector<Predecessor> after;
        Milliseconds expected{0};  ///< how long it took before; counts as 1 ms at least
    };

    static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

    /// What is in a circle never begins, nor does what comes after it; plans have none.
    Schedule(std::vector<Node> nodes, std::size_t limit);

    /// Those to begin now, the most urgent first. They are in flight from here on.
    [[nodiscard]] std::vector<std::size_t> take();

    /// A step that never begins, since another one has failed.
    struct Skipped {
        std::size_t step;
        std::size_t because_of;  ///< its predecessor, which has failed or is skipped itself
    };

    /// A step has ended. Also where it was not taken: somebody else has done it. Returns what is
    /// over with it, nearest first; told of a step that is over already, it does nothing.
    std::vector<Skipped> finished(std::size_t step, bool succeeded);

    /// A step in flight takes long, or waits for others: it leaves its place in the limit to the
    /// next one. Without that, as many steps that hang as the limit allows would hold up all.
    void set_aside(std::size_t step);

    /// The names from a skipped step to the one that failed, both included.
    [[nodiscard]] std::vector<std::string> chain(std::size_t step) const;

    /// In the order in which they were taken, those set aside too.
    [[nodiscard]] const std::vector<std::size_t>& in_flight() const { return in_flight_; }
    /// How many are not over.
    [[nodiscard]] std::size_t left() const { return left_; }
    [[nodiscard]] bool is_over() const { return left_ == 0; }
    /// How long the rest would take if nothing but the order held it up.
    [[nodiscard]] Milliseconds longest_way() const;

private:
    enum class State { waiting, ready, in_flight, set_aside, succeeded, failed, skipped };
    struct Successor {
        std::size_t step;
        Until until;
    };
    struct Step {
        Node node;
        State state = State::waiting;
        std::vector<Successor> successors;
        std::size_t waits_for = 0;   ///< predecessors that are not over
        Milliseconds to_the_end{0};  ///< of it and all that hangs on it, one after the other
        std::size_t because_of = 0;  ///< of a skipped one
    };

    void link();
    void measure();
    void make_ready(std::size_t step);
    void end(std::size_t step, State state, std::vector<Skipped>& open);
    [[nodiscard]] static bool is_over(State state) { return state >= State::succeeded; }

    std::vector<Step> steps_;
    std::size_t limit_;
    std::size_t left_;
    std::size_t aside_ = 0;
    std::set<std::pair<Milliseconds, std::size_t>> ready_;  ///< the longest way first: negative
    std::vector<std::size_t> in_flight_;
};

}  // namespace comar
