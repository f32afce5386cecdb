// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "loop/event_source.h"
#include "loop/loop.h"
#include "os/reap.h"

namespace comar {

/// Reaps every child of this process, also the orphans that it inherits as a subreaper, and tells
/// whoever asked for it. One per process, and nothing else in the process may reap.
///
/// Children are reaped by the loop alone, so a call-back registered right after the spawn, before
/// the loop goes on, cannot come too late. Several exits behind one SIGCHLD are all found.
class ChildWatch {
public:
    /// The pid is free for reuse by then; it is a name, never a target.
    using Callback = std::function<void(const ReapedChild& child)>;
    using GroupOf = std::function<std::string(pid_t)>;

    /// Takes SIGCHLD for itself. Children that have exited before are reaped by the first
    /// iteration. `others` hears of each child that has no call-back of its own; it may be empty.
    /// `group_of` tells which group a process is in that has ended and is not reaped yet, for
    /// take_unclaimed_of(); without it those are in none.
    static Result<ChildWatch> create(Loop& loop, Callback others, GroupOf group_of = {});

    ChildWatch(ChildWatch&&) noexcept;
    ChildWatch& operator=(ChildWatch&&) noexcept;
    ~ChildWatch();

    /// Calls `callback` once, when the child `pid` has exited; replaces an earlier one.
    void on_exit(pid_t pid, Callback callback);
    /// Another process has reaped a child of its own and says how it ended: the call-back for that
    /// pid is called as if it had been ours.
    void tell(const ReapedChild& child);
    /// The exit of a child for which nobody had a call-back then, told once; one of the last 256.
    std::optional<ExitStatus> take_unclaimed(pid_t pid);
    /// The same of all that began at `since` or later, in the unit of ProcessId::start_time, and
    /// were in that group: a folder, or one below it.
    std::vector<ExitStatus> take_unclaimed_of(const std::string& group, std::uint64_t since);
    /// Its exit goes to `others` then.
    void forget(pid_t pid);

private:
    struct State;
    explicit ChildWatch(std::shared_ptr<State> state) noexcept;

    SourceOwner<State> state_;
};

}  // namespace comar
