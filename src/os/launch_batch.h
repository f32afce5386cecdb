// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "core/result.h"
#include "os/process.h"
#include "os/spawn.h"
#include "os/unique_fd.h"

namespace comar {

/// How one of several programs fared.
struct LaunchOutcome {
    std::uint32_t index = 0;       ///< of the request
    std::uint32_t is_started = 0;  ///< 0: no
    ProcessId id;
};

/// Starts many programs without waiting for any: a copy of this process does it, one after the
/// other, and each is a child of ours. So what they cost is paid on another processor, and an
/// execve(2) that a hanging file system holds up holds up that copy alone. It ends with us.
class LaunchBatch {
public:
    /// `requests` need not outlive this; each is started as a `sibling` of the copy.
    static Result<LaunchBatch> start(const std::vector<SpawnRequest>& requests);

    /// Readable when there are outcomes, and at the end.
    [[nodiscard]] int report() const noexcept { return report_.get(); }
    /// What has come since. Empty at the end, which is told by `at_end`.
    [[nodiscard]] std::vector<LaunchOutcome> read(bool& at_end) const;

    /// The copy; a child of ours that has to be reaped.
    [[nodiscard]] const ProcessId& id() const noexcept { return copy_.id; }
    /// Ends the copy. What it has not started yet it never will.
    void kill() const;

private:
    LaunchBatch(Child copy, UniqueFd report) : copy_(std::move(copy)), report_(std::move(report)) {}

    Child copy_;
    UniqueFd report_;
};

}  // namespace comar
