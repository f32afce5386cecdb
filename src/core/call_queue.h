// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "core/job.h"
#include "core/result.h"

namespace comar {

/// Which calls may run now. At most `limit` at once; the others wait, one queue a caller, and the
/// callers take turns, so one that asks for a thousand things delays the others by one each.
/// A call that waits for another call or for a lock does not count: those it waits for must get
/// their turn.
class CallQueue {
public:
    struct Limits {
        std::size_t running = 32;             ///< calls at once
        std::size_t blocked = 256;            ///< calls that wait for others; with more, users'
                                              ///< calls are held up until some go on
        std::size_t blocked_for_root = 1024;  ///< the same for those that may do anything
        std::size_t waiting_a_caller = 4096;  ///< more are refused
        std::size_t waiting_a_user = 4096;    ///< in all callers of one user
        std::size_t waiting_users = 16384;    ///< of all users together; the rest is for root
        std::size_t waiting = 65536;          ///< of all callers together
    };

    /// Whose call it is. `user`: to whose account it goes; empty for those that may do anything.
    struct Origin {
        std::string caller;
        std::optional<std::uint32_t> user;
    };

    explicit CallQueue(Limits limits) : limits_(limits) {}

    /// Adds a call at the end of its caller's queue. Fails (busy) where a limit is reached.
    Result<> push(const Origin& origin, Ticket call);

    /// A call that a running one waits for runs at once: holding it back could hold back both.
    void admit() { ++running_; }

    /// The next call that may run; it counts as running from here on.
    std::optional<Ticket> next();

    /// Takes a call that still waits out of the queue. False: it does not wait.
    bool withdraw(Ticket call);

    void ended() { --running_; }          ///< a running call is over
    void ended_blocked() { --blocked_; }  ///< and so is one that waited for another

    /// A running call waits for another one.
    void blocked() {
        --running_;
        ++blocked_;
    }
    /// It goes on; this may exceed the limit for a moment.
    void resumed() {
        --blocked_;
        ++running_;
    }

    [[nodiscard]] std::size_t running() const { return running_; }
    [[nodiscard]] std::size_t waiting() const { return waiting_; }

private:
    struct Waiting {
        Ticket call;
        std::optional<std::uint32_t> user;
    };

    [[nodiscard]] bool has_room_for(const Origin& origin) const;
    [[nodiscard]] bool may_run(const Waiting& one) const;
    void no_longer_waits(const Waiting& one);

    Limits limits_;
    std::map<std::string, std::deque<Waiting>> queues_;  ///< none of them is empty
    std::deque<std::string> turns_;                      ///< each caller that has a queue, once
    std::map<std::uint32_t, std::size_t> of_user_;       ///< how many wait; none is 0
    std::size_t of_users_ = 0;
    std::size_t running_ = 0;
    std::size_t blocked_ = 0;
    std::size_t waiting_ = 0;
};

}  // namespace comar
