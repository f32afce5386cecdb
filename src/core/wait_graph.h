// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/job.h"
#include "core/result.h"

namespace comar {

/// What a wait is for.
enum class WaitFor {
    answer,  ///< the result: the waiter is a caller, and stands still until it has it
    turn,    ///< only that the other gets out of the way: of a lock, of a queue
};

/// Who waits for whom, over jobs and calls alike. A wait that would close a circle is refused at
/// the moment it is asked for, so nothing ever hangs in one (SPEC 2, `@synchronized`).
class WaitGraph {
public:
    /// Adds a node. `label` is what people read in a circle: "nginx.start".
    void add(Ticket node, std::string label);

    /// Forgets a node and every wait from and to it.
    void remove(Ticket node);

    /// `waiter` cannot go on before `awaited` has ended. Fails, and changes nothing, when `awaited`
    /// waits for `waiter` already; the message names the whole circle.
    /// A wait that is asked for again must end as often.
    Result<> wait(Ticket waiter, Ticket awaited, WaitFor what = WaitFor::answer);

    /// The wait is over. Unknown waits are ignored.
    void stop_waiting(Ticket waiter, Ticket awaited, WaitFor what = WaitFor::answer);

    /// Who waits for the answer of `from` waits for that of `to` instead, which waits for nobody
    /// but `from`.
    void hand_over(Ticket from, Ticket to);

    /// It has its answer, or wants it no more: it waits for nobody's.
    void stop_waiting_for_answers(Ticket waiter);

    /// What wait(waiter, awaited) would say, without waiting.
    [[nodiscard]] Result<> may_wait(Ticket waiter, Ticket awaited) const;

    [[nodiscard]] bool waits(Ticket waiter) const;

    /// Whether `waiter` is `awaited`, or waits for its answer through however many others. The
    /// calls that reach a call are the chain of its callers. Waits for a turn do not count: who
    /// waits for somebody else's lock has not called him.
    [[nodiscard]] bool reaches(Ticket waiter, Ticket awaited) const {
        return !path(waiter, awaited, Follow::answers).empty();
    }

private:
    struct Edge {
        Ticket awaited;
        WaitFor what;
        bool operator==(const Edge&) const = default;
    };
    struct Node {
        std::string label;
        std::vector<Edge> waits;
    };
    enum class Follow { all, answers };

    [[nodiscard]] std::vector<Ticket> path(Ticket from, Ticket to, Follow which) const;
    [[nodiscard]] std::string describe(const std::vector<Ticket>& circle) const;

    std::map<Ticket, Node> nodes_;
};

}  // namespace comar
