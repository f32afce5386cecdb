// SPDX-License-Identifier: MIT
#include "core/script_locks.h"

#include <algorithm>
#include <array>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/histories.h"
#include "support/call_chains.h"
#include "support/print.h"

namespace comar {
namespace {

using Tickets = std::vector<Ticket>;

/// Calls that call each other, lock, unlock, give up and end as they like, and an oracle that tells
/// by brute force who may hold what.
class Calls {
public:
    explicit Calls(test::History& history) : history_(history) {}

    void step() {
        if (live_.empty() || (live_.size() < 10 && history_.one_in(6))) return begin();
        const Ticket call = history_.pick(live_);
        if (history_.one_in(25)) return end(call, "is killed");
        if (calls_.callee_of(call) && history_.one_in(4)) return give_up(call);
        if (blocked(call)) return;  // its worker waits, and asks for nothing
        switch (history_.below(8)) {
            case 0:
                return end(call, "ends");
            case 1:
            case 2:
                return begin_nested(call);
            case 3:
            case 4:
                return unlock(call, history_.pick(scripts));
            default:
                return lock(call, history_.pick(scripts));
        }
    }

    void check() {
        for (const auto& [script, lock] : locks_of_) {
            EXPECT_TRUE(lock.waiting.empty() || !lock.holders.empty())
                << script << " is free and " << lock.waiting.size() << " wait";
            std::set<Ticket> roots;
            for (const auto& [holder, times] : lock.holders) roots.insert(root_of_.at(holder));
            EXPECT_LE(roots.size(), 1U) << script << " is held by two chains";
        }
        if (live_.empty()) return;
        probe(history_.pick(live_), history_.pick(live_));
        // A circle stays until somebody in it is killed, so it is found by one of the next looks.
        if (history_.one_in(8)) {
            EXPECT_TRUE(all_can_end()) << "some wait in a circle";
        }
    }

    /// Whoever can go on ends. Everyone must be able to in the end, and no lock may stay behind.
    void finish() {
        while (!live_.empty() && !testing::Test::HasFailure()) {
            const auto free = std::find_if(live_.begin(), live_.end(),
                                           [this](Ticket call) { return !blocked(call); });
            ASSERT_NE(free, live_.end()) << "all " << live_.size() << " wait, for ever";
            end(*free, "ends");
            check();
        }
        const Ticket last = calls_.begin("last");
        for (const char* script : scripts) {
            const auto answer = locks_.lock(script, last);
            EXPECT_TRUE(answer && *answer == ScriptLocks::Answer::granted)
                << script << " stayed locked";
        }
    }

private:
    struct Lock {
        std::map<Ticket, int> holders;
        std::deque<Ticket> waiting;
    };

    static constexpr std::array scripts{"a", "b", "c"};

    static std::string name(Ticket call) {
        return "c" + std::to_string(static_cast<std::uint64_t>(call));
    }

    // The oracle

    [[nodiscard]] bool blocked(Ticket call) const { return !needs(call).empty(); }

    /// Whether all come to their end when those that wait for nobody end first.
    [[nodiscard]] bool all_can_end() const {
        std::map<Ticket, Tickets> open;
        for (const Ticket call : live_) open.emplace(call, needs(call));
        while (!open.empty()) {
            const auto ended = std::erase_if(open, [&](const auto& entry) {
                return std::none_of(entry.second.begin(), entry.second.end(),
                                    [&](Ticket needed) { return open.contains(needed); });
            });
            if (ended == 0) return false;
        }
        return true;
    }

    /// Whom `call` waits for.
    [[nodiscard]] Tickets needs(Ticket call) const {
        Tickets needed;
        if (const auto callee = calls_.callee_of(call)) needed.push_back(*callee);
        for (const auto& [script, lock] : locks_of_) {
            if (std::count(lock.waiting.begin(), lock.waiting.end(), call) == 0) continue;
            for (const auto& [holder, times] : lock.holders) needed.push_back(holder);
        }
        return needed;
    }

    [[nodiscard]] bool reaches(Ticket from, Ticket to) const {
        std::set<Ticket> seen;
        Tickets open{from};
        while (!open.empty()) {
            const Ticket here = open.back();
            open.pop_back();
            if (here == to) return true;
            if (!seen.insert(here).second) continue;
            for (const Ticket next : needs(here)) open.push_back(next);
        }
        return false;
    }

    enum class Expected { granted, waiting, refused };

    [[nodiscard]] Expected expected(const Lock& lock, Ticket call) const {
        const auto any_holder = [&](auto&& is) {
            return std::any_of(lock.holders.begin(), lock.holders.end(),
                               [&](const auto& hold) { return is(hold.first); });
        };
        if (lock.holders.empty()) return Expected::granted;
        if (any_holder([&](Ticket holder) { return calls_.in_chain(call, holder); })) {
            return Expected::granted;
        }
        const bool circle = any_holder([&](Ticket holder) { return reaches(holder, call); });
        return circle ? Expected::refused : Expected::waiting;
    }

    /// Takes all holds of `call` away, and tells who has the lock instead.
    static Tickets leave(Lock& lock, Ticket call) {
        if (lock.holders.erase(call) == 0 || !lock.holders.empty() || lock.waiting.empty()) {
            return {};
        }
        const Ticket next = lock.waiting.front();
        lock.waiting.pop_front();
        lock.holders.emplace(next, 1);
        return {next};
    }

    // What happens

    void begin() {
        const Ticket call = calls_.begin(name(Ticket{++begun_}));
        history_.note(name(call) + " begins");
        root_of_[call] = call;
        live_.push_back(call);
    }

    void begin_nested(Ticket caller) {
        if (live_.size() >= 12) return;
        const Ticket call = calls_.begin_nested(caller, name(Ticket{++begun_}));
        history_.note(name(caller) + " calls " + name(call));
        root_of_[call] = root_of_.at(caller);
        live_.push_back(call);
    }

    void give_up(Ticket caller) {
        history_.note(name(caller) + " gives up waiting for an answer");
        calls_.give_up(caller);
    }

    void lock(Ticket call, const std::string& script) {
        history_.note(name(call) + " locks " + script);
        Lock& lock = locks_of_[script];
        const Expected right = expected(lock, call);
        const auto answer = locks_.lock(script, call);
        const Expected given = !answer                                   ? Expected::refused
                               : *answer == ScriptLocks::Answer::granted ? Expected::granted
                                                                         : Expected::waiting;
        EXPECT_EQ(static_cast<int>(given), static_cast<int>(right));
        if (given == Expected::granted) ++lock.holders[call];
        if (given == Expected::waiting) lock.waiting.push_back(call);
        if (given != Expected::refused) return;
        const std::string& message = answer.error().message;
        EXPECT_TRUE(message.starts_with("cannot wait in a circle: " + name(call) + " -> ") &&
                    message.ends_with(" -> " + name(call)))
            << message;
    }

    void unlock(Ticket call, const std::string& script) {
        history_.note(name(call) + " unlocks " + script);
        Lock& lock = locks_of_[script];
        Tickets right;
        if (const auto hold = lock.holders.find(call); hold != lock.holders.end()) {
            if (--hold->second == 0) right = leave(lock, call);
        }
        EXPECT_EQ(locks_.unlock(script, call), right);
    }

    void end(Ticket call, const std::string& how) {
        history_.note(name(call) + " " + how);
        Tickets right;
        for (auto& [script, lock] : locks_of_) {
            std::erase(lock.waiting, call);
            const Tickets more = leave(lock, call);
            right.insert(right.end(), more.begin(), more.end());
        }
        const bool graph_first = history_.coin();
        if (graph_first) calls_.end(call);
        EXPECT_THAT(locks_.forget(call), testing::UnorderedElementsAreArray(right));
        if (!graph_first) calls_.end(call);
        std::erase(live_, call);
    }

    /// The wait graph must hold what the oracle knows: it refuses a wait just where there is a way
    /// back, and knows the callers of a call.
    void probe(Ticket waiter, Ticket awaited) {
        EXPECT_EQ(calls_.waits().waits(waiter), blocked(waiter)) << name(waiter);
        EXPECT_EQ(calls_.waits().reaches(awaited, waiter), calls_.in_chain(waiter, awaited));
        const bool possible = calls_.waits().wait(waiter, awaited).has_value();
        EXPECT_EQ(possible, !reaches(awaited, waiter)) << name(waiter) << " for " << name(awaited);
        if (possible) calls_.waits().stop_waiting(waiter, awaited);
    }

    test::History& history_;
    test::CallChains calls_;
    ScriptLocks locks_{calls_.waits(), [this](Ticket call, Ticket ancestor) {
                           return calls_.in_chain(call, ancestor);
                       }};
    std::map<std::string, Lock> locks_of_;  ///< as the answers say
    std::map<Ticket, Ticket> root_of_;      ///< the call from outside that it all began with
    Tickets live_;
    std::uint64_t begun_ = 0;
};

TEST(ScriptLocksModel, NobodyHoldsWhatAnotherChainHoldsAndNobodyWaitsForEver) {
    test::explore(20'000, [](test::History& history) {
        Calls calls(history);
        for (int step = 0; step < 60 && !testing::Test::HasFailure(); ++step) {
            calls.step();
            calls.check();
        }
        calls.finish();
    });
}

}  // namespace
}  // namespace comar
