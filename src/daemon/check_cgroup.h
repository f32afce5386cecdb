// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "core/result.h"
#include "os/unique_fd.h"

namespace comar {

/// The cgroup of the commands that ask how services are. What such a command has started outlives a
/// comard that is killed; by its cgroup the next one ends it.
class CheckCgroup {
public:
    /// In that folder of cgroups; empty: there are none here. Ends what an earlier comard has left.
    explicit CheckCgroup(const std::string& parent);

    /// Its open folder, for SpawnRequest; made when it is asked for. -1: there is none, or what was
    /// in there is still ending.
    [[nodiscard]] int fd();

    /// Those in there. An error where there is none.
    [[nodiscard]] Result<std::vector<pid_t>> processes() const;

    /// comard ends: so does what is in there.
    void kill();
    /// Removes it, once nobody is in there.
    void remove();

private:
    std::string parent_;
    /// Some kernels go on killing whoever is born in a cgroup that was killed once.
    bool may_be_deadly_ = false;
    UniqueFd folder_;
};

}  // namespace comar
