// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/job.h"
#include "core/result.h"
#include "core/wait_graph.h"

namespace comar {

/// The locks behind `@synchronized`: one run of a script's methods at a time, across all callers
/// (SPEC 2). A call whose own chain of callers holds the lock gets it at once, so a script may be
/// re-entered by what it called. Waiters are served in order. A lock stays held until all of the
/// chain that hold it have given it back, in whatever order they end.
class ScriptLocks {
public:
    /// Tells whether `ancestor` is `call` or one of those that wait for its answer.
    using InChain = std::function<bool(Ticket call, Ticket ancestor)>;

    /// `waits` outlives the locks.
    ScriptLocks(WaitGraph& waits, InChain in_chain)
        : waits_(waits), in_chain_(std::move(in_chain)) {}

    enum class Answer { granted, waiting };

    /// Asks for the lock of `script` on behalf of `call`. Fails, with the circle in the message,
    /// where waiting could never end.
    Result<Answer> lock(const std::string& script, Ticket call);

    /// The same where nobody has to wait for it; else nothing happens.
    bool try_lock(const std::string& script, Ticket call);

    [[nodiscard]] bool is_free(const std::string& script) const { return !locks_.contains(script); }

    /// Gives back one hold of `call`; a call that holds nothing is ignored. Returns the calls that
    /// have the lock now and did not before.
    std::vector<Ticket> unlock(const std::string& script, Ticket call);

    /// `call` has ended, however: gives back all it holds or waits for.
    std::vector<Ticket> forget(Ticket call);

private:
    struct Lock {
        std::map<Ticket, int> holders;  ///< all of one chain, and how often each has taken it
        std::deque<Ticket> waiting;     ///< in order; each waits for every holder
    };

    using Table = std::map<std::string, Lock>;

    [[nodiscard]] bool may_enter(const Lock& lock, Ticket call) const;
    void enter(Lock& lock, Ticket call);
    Result<> wait_for_holders(const Lock& lock, Ticket call);
    std::vector<Ticket> leave(Table::iterator found, Ticket call);

    WaitGraph& waits_;
    InChain in_chain_;
    Table locks_;
};

}  // namespace comar
