// SPDX-License-Identifier: MIT
#include "core/call_queue.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "model/histories.h"
#include "support/print.h"

namespace comar {
namespace {

/// Callers with their calls, each of which lives as a call of comard may: it waits, runs, calls or
/// waits for a lock, goes on, ends, or dies while it waits.
class Callers {
public:
    explicit Callers(test::History& history)
        : history_(history),
          limits_{.running = 1 + history.below(4),
                  .blocked_for_root = 1 + history.below(4),
                  .waiting_a_caller = 1 + history.below(6),
                  .waiting = 1 + history.below(12)},
          queue_(limits_) {}

    void step() {
        switch (history_.below(8)) {
            case 0:
            case 1:
            case 2:
                return push(history_.pick(names));
            case 3:
            case 4:
                return next();
            case 5:
                return withdraw();
            default:
                return live();
        }
    }

    void check() const {
        EXPECT_EQ(queue_.running(), runs_.size());
        EXPECT_EQ(queue_.waiting(), count_waiting());
        EXPECT_LE(queue_.waiting(), limits_.waiting);
    }

    /// All end, one after the other; all that waits must come to run.
    void finish() {
        while (!testing::Test::HasFailure() && (count_waiting() + runs_.size() + blocked_.size())) {
            while (!runs_.empty()) end(*runs_.begin());
            while (!blocked_.empty()) die_blocked(*blocked_.begin());
            next();
            check();
        }
        EXPECT_EQ(queue_.running(), 0U);
        EXPECT_EQ(queue_.next(), std::nullopt);
    }

private:
    static constexpr std::array names{"root", "greedy", "modest", "other"};

    struct Caller {
        std::vector<Ticket> waiting;
        /// How often each other caller had its turn since this one began to wait for its own.
        std::map<std::string, int> overtaken;
    };

    [[nodiscard]] std::size_t count_waiting() const {
        std::size_t count = 0;
        for (const auto& [name, caller] : callers_) count += caller.waiting.size();
        return count;
    }

    static std::string number(Ticket call) {
        return "#" + std::to_string(static_cast<std::uint64_t>(call));
    }

    void push(const std::string& name) {
        Caller& caller = callers_[name];
        const Ticket call = newest_ = tickets_.next();
        history_.note(name + " pushes " + number(call));
        const bool room =
            caller.waiting.size() < limits_.waiting_a_caller && count_waiting() < limits_.waiting;
        const auto result = queue_.push({name, {}}, call);
        EXPECT_EQ(result.has_value(), room);
        if (!result) {
            EXPECT_EQ(result.error().kind, ErrorKind::busy);
            return;
        }
        if (caller.waiting.empty()) caller.overtaken.clear();
        caller.waiting.push_back(call);
    }

    void next() {
        history_.note("next");
        const bool may = runs_.size() < limits_.running &&
                         blocked_.size() < limits_.blocked_for_root && count_waiting() > 0;
        const auto call = queue_.next();
        EXPECT_EQ(call.has_value(), may);
        if (!call) return;
        for (auto& [name, caller] : callers_) {
            if (std::count(caller.waiting.begin(), caller.waiting.end(), *call) == 0) continue;
            EXPECT_EQ(*call, caller.waiting.front()) << "not the oldest of " << name;
            caller.waiting.erase(caller.waiting.begin());
            caller.overtaken.clear();
            had_turn(name);
            runs_.insert(*call);
            return;
        }
        ADD_FAILURE() << number(*call) << " did not wait";
    }

    void had_turn(const std::string& who) {
        for (auto& [name, caller] : callers_) {
            if (name == who || caller.waiting.empty()) continue;
            EXPECT_LE(++caller.overtaken[who], 1)
                << who << " had two turns while " << name << " waited";
        }
    }

    void withdraw() {
        if (newest_ == Ticket{0}) return;
        const Ticket call{1 + history_.below(static_cast<std::size_t>(newest_))};
        history_.note("withdraw " + number(call));
        bool waited = false;
        for (auto& [name, caller] : callers_) waited |= std::erase(caller.waiting, call) > 0;
        EXPECT_EQ(queue_.withdraw(call), waited);
    }

    /// Something happens to a call that was begun.
    void live() {
        if (!blocked_.empty() && history_.coin()) {
            const Ticket call = history_.pick(blocked_);
            return history_.one_in(4) ? die_blocked(call) : resume(call);
        }
        if (runs_.empty()) return;
        const Ticket call = history_.pick(runs_);
        if (history_.coin()) return end(call);
        block(call);
        if (history_.coin()) admit();
    }

    void end(Ticket call) {
        history_.note(number(call) + " ends");
        queue_.ended();
        runs_.erase(call);
    }
    void block(Ticket call) {
        history_.note(number(call) + " waits");
        queue_.blocked();
        runs_.erase(call);
        blocked_.insert(call);
    }
    void resume(Ticket call) {
        history_.note(number(call) + " goes on");
        queue_.resumed();
        blocked_.erase(call);
        runs_.insert(call);
    }
    void die_blocked(Ticket call) {
        history_.note(number(call) + " dies while it waits");
        queue_.ended_blocked();
        blocked_.erase(call);
    }
    void admit() {
        const Ticket call = newest_ = tickets_.next();
        history_.note(number(call) + " is admitted");
        queue_.admit();
        runs_.insert(call);
    }

    test::History& history_;
    CallQueue::Limits limits_;
    CallQueue queue_;
    TicketCounter tickets_;
    Ticket newest_{0};
    std::map<std::string, Caller> callers_;
    std::set<Ticket> runs_;
    std::set<Ticket> blocked_;
};

TEST(CallQueueModel, LimitsHoldCallersTakeTurnsAndNoneIsForgotten) {
    test::explore(20'000, [](test::History& history) {
        Callers callers(history);
        for (int step = 0; step < 60 && !testing::Test::HasFailure(); ++step) {
            callers.step();
            callers.check();
        }
        callers.finish();
    });
}

}  // namespace
}  // namespace comar
