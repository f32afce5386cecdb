// SPDX-License-Identifier: MIT
#include "core/call_queue.h"

#include <algorithm>

namespace comar {

Result<> CallQueue::push(const Origin& origin, Ticket call) {
    if (!has_room_for(origin)) {
        return failure(ErrorKind::busy, "too many calls wait already");
    }
    auto& queue = queues_[origin.caller];
    if (queue.empty()) turns_.push_back(origin.caller);
    queue.push_back({call, origin.user});
    ++waiting_;
    if (origin.user) {
        ++of_user_[*origin.user];
        ++of_users_;
    }
    return {};
}

bool CallQueue::has_room_for(const Origin& origin) const {
    const auto queue = queues_.find(origin.caller);
    const std::size_t own = queue == queues_.end() ? 0 : queue->second.size();
    if (own >= limits_.waiting_a_caller || waiting_ >= limits_.waiting) return false;
    if (!origin.user) return true;
    const auto user = of_user_.find(*origin.user);
    const std::size_t of_user = user == of_user_.end() ? 0 : user->second;
    return of_user < limits_.waiting_a_user && of_users_ < limits_.waiting_users;
}

std::optional<Ticket> CallQueue::next() {
    if (running_ >= limits_.running) return std::nullopt;
    const auto turn = std::find_if(turns_.begin(), turns_.end(), [this](const std::string& one) {
        return may_run(queues_.at(one).front());
    });
    if (turn == turns_.end()) return std::nullopt;
    std::string caller = std::move(*turn);
    turns_.erase(turn);
    const auto found = queues_.find(caller);
    const Waiting first = found->second.front();
    found->second.pop_front();
    if (found->second.empty()) {
        queues_.erase(found);
    } else {
        turns_.push_back(std::move(caller));
    }
    no_longer_waits(first);
    ++running_;
    return first.call;
}

bool CallQueue::may_run(const Waiting& one) const {
    return blocked_ < (one.user ? limits_.blocked : limits_.blocked_for_root);
}

bool CallQueue::withdraw(Ticket call) {
    for (auto queue = queues_.begin(); queue != queues_.end(); ++queue) {
        auto& waiting = queue->second;
        const auto found = std::find_if(waiting.begin(), waiting.end(),
                                        [&](const Waiting& one) { return one.call == call; });
        if (found == waiting.end()) continue;
        no_longer_waits(*found);
        waiting.erase(found);
        if (waiting.empty()) {
            std::erase(turns_, queue->first);
            queues_.erase(queue);
        }
        return true;
    }
    return false;
}

void CallQueue::no_longer_waits(const Waiting& one) {
    --waiting_;
    if (!one.user) return;
    --of_users_;
    const auto account = of_user_.find(*one.user);
    if (--account->second == 0) of_user_.erase(account);
}

}  // namespace comar
