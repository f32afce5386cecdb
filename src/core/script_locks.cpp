// SPDX-License-Identifier: MIT
#include "core/script_locks.h"

#include <algorithm>

namespace comar {

Result<ScriptLocks::Answer> ScriptLocks::lock(const std::string& script, Ticket call) {
    Lock& lock = locks_[script];
    if (may_enter(lock, call)) {
        enter(lock, call);
        return Answer::granted;
    }
    if (auto wait = wait_for_holders(lock, call); !wait) return Failure(std::move(wait.error()));
    lock.waiting.push_back(call);
    return Answer::waiting;
}

bool ScriptLocks::try_lock(const std::string& script, Ticket call) {
    const auto found = locks_.find(script);
    if (found != locks_.end() && !may_enter(found->second, call)) return false;
    enter(locks_[script], call);
    return true;
}

std::vector<Ticket> ScriptLocks::unlock(const std::string& script, Ticket call) {
    const auto found = locks_.find(script);
    if (found == locks_.end()) return {};
    const auto hold = found->second.holders.find(call);
    if (hold == found->second.holders.end() || --hold->second > 0) return {};
    return leave(found, call);
}

std::vector<Ticket> ScriptLocks::forget(Ticket call) {
    std::vector<Ticket> granted;
    for (auto next = locks_.begin(); next != locks_.end();) {
        const auto found = next++;
        Lock& lock = found->second;
        if (std::erase(lock.waiting, call) > 0) {
            for (const auto& [holder, times] : lock.holders)
                waits_.stop_waiting(call, holder, WaitFor::turn);
        }
        if (!lock.holders.contains(call)) continue;
        const auto more = leave(found, call);
        granted.insert(granted.end(), more.begin(), more.end());
    }
    return granted;
}

/// Any holder will do, not only the one that took the lock: that one may be gone already, or may
/// wait no longer for what holds it with it.
bool ScriptLocks::may_enter(const Lock& lock, Ticket call) const {
    return lock.holders.empty() ||
           std::any_of(lock.holders.begin(), lock.holders.end(),
                       [&](const auto& hold) { return in_chain_(call, hold.first); });
}

/// Those that wait for the lock wait for a new holder too. It waits for nothing itself at this
/// moment, so that closes no circle.
void ScriptLocks::enter(Lock& lock, Ticket call) {
    if (++lock.holders[call] > 1) return;
    for (const Ticket waiter : lock.waiting) (void)waits_.wait(waiter, call, WaitFor::turn);
}

/// All or none: a refused wait leaves nothing behind.
Result<> ScriptLocks::wait_for_holders(const Lock& lock, Ticket call) {
    for (auto hold = lock.holders.begin(); hold != lock.holders.end(); ++hold) {
        auto wait = waits_.wait(call, hold->first, WaitFor::turn);
        if (wait) continue;
        while (hold != lock.holders.begin())
            waits_.stop_waiting(call, (--hold)->first, WaitFor::turn);
        return wait;
    }
    return {};
}

/// `call` holds the lock no more: hands it on when it is free now, and drops one that nobody wants.
std::vector<Ticket> ScriptLocks::leave(Table::iterator found, Ticket call) {
    Lock& lock = found->second;
    lock.holders.erase(call);
    for (const Ticket waiter : lock.waiting) waits_.stop_waiting(waiter, call, WaitFor::turn);
    if (!lock.holders.empty()) return {};
    if (lock.waiting.empty()) {
        locks_.erase(found);
        return {};
    }
    const Ticket next = lock.waiting.front();
    lock.waiting.pop_front();
    enter(lock, next);
    return {next};
}

}  // namespace comar
