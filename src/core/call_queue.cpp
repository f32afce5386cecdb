// SPDX-License-Identifier: MIT
#include "core/call_queue.h"

#include <algorithm>

namespace comar {

Result<> CallQueue::push(const std::string& caller, Ticket call) {
    auto found = queues_.find(caller);
    const std::size_t own = found == queues_.end() ? 0 : found->second.size();
    if (own >= limits_.waiting_a_caller || waiting_ >= limits_.waiting) {
        return failure(ErrorKind::busy, "cannot take another call: too many wait already");
    }
    if (found == queues_.end()) {
        found = queues_.emplace(caller, std::deque<Ticket>{}).first;
        turns_.push_back(caller);
    }
    found->second.push_back(call);
    ++waiting_;
    return {};
}

std::optional<Ticket> CallQueue::next() {
    if (running_ >= limits_.running || turns_.empty()) return std::nullopt;
    std::string caller = std::move(turns_.front());
    turns_.pop_front();
    const auto found = queues_.find(caller);
    const Ticket call = found->second.front();
    found->second.pop_front();
    if (found->second.empty()) {
        queues_.erase(found);
    } else {
        turns_.push_back(std::move(caller));
    }
    --waiting_;
    ++running_;
    return call;
}

bool CallQueue::withdraw(Ticket call) {
    for (auto queue = queues_.begin(); queue != queues_.end(); ++queue) {
        if (std::erase(queue->second, call) == 0) continue;
        --waiting_;
        if (queue->second.empty()) {
            std::erase(turns_, queue->first);
            queues_.erase(queue);
        }
        return true;
    }
    return false;
}

}  // namespace comar
