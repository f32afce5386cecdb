// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/job.h"
#include "core/wait_graph.h"

namespace comar::test {

/// Calls that call each other, and the wait graph they are entered in, as comard keeps them.
class CallChains {
public:
    /// A call from outside.
    Ticket begin(std::string label) {
        const Ticket call = tickets_.next();
        waits_.add(call, std::move(label));
        calls_.emplace(call, Call{});
        return call;
    }

    /// A call that `caller` makes; it waits for the answer until the call ends or it gives up.
    Ticket begin_nested(Ticket caller, std::string label) {
        const Ticket call = begin(std::move(label));
        calls_.at(call).caller = caller;
        calls_.at(caller).callee = call;
        (void)waits_.wait(caller, call);  // what has just begun waits for nobody
        return call;
    }

    /// `caller` waits for its answer no longer, but goes on; what it called does too.
    void give_up(Ticket caller) {
        auto& callee = calls_.at(caller).callee;
        if (!callee) return;
        waits_.stop_waiting(caller, *callee);
        if (const auto found = calls_.find(*callee); found != calls_.end()) {
            found->second.caller.reset();
        }
        callee.reset();
    }

    /// `call` has ended, whether anybody waits for its answer or not.
    void end(Ticket call) {
        give_up(call);
        if (const auto caller = calls_.at(call).caller) calls_.at(*caller).callee.reset();
        calls_.erase(call);
        waits_.remove(call);
    }

    /// What ScriptLocks asks: whether `ancestor` is `call` or waits for its answer.
    [[nodiscard]] bool in_chain(Ticket call, Ticket ancestor) const {
        for (std::optional<Ticket> here = call; here; here = caller_of(*here)) {
            if (*here == ancestor) return true;
        }
        return false;
    }

    [[nodiscard]] std::optional<Ticket> caller_of(Ticket call) const {
        const auto found = calls_.find(call);
        return found == calls_.end() ? std::nullopt : found->second.caller;
    }

    /// The call whose answer `call` waits for.
    [[nodiscard]] std::optional<Ticket> callee_of(Ticket call) const {
        const auto found = calls_.find(call);
        return found == calls_.end() ? std::nullopt : found->second.callee;
    }

    [[nodiscard]] WaitGraph& waits() { return waits_; }

private:
    struct Call {
        std::optional<Ticket> caller;  ///< that still waits for the answer
        std::optional<Ticket> callee;
    };

    TicketCounter tickets_;
    WaitGraph waits_;
    std::map<Ticket, Call> calls_;
};

}  // namespace comar::test
