// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include "loop/io_watch.h"
#include "loop/loop.h"
#include "os/cgroup.h"
#include "os/unique_fd.h"

namespace comar {

/// Removes cgroups of services that are registered no more, when the last process in them is gone:
/// a worker that has answered may take a moment longer to exit.
class CgroupRemover {
public:
    /// The loop outlives it.
    explicit CgroupRemover(Loop& loop) : loop_(loop) {}

    void remove_when_empty(const Cgroup& cgroup);

    /// A service of that name is registered again, and the cgroup is its now.
    void keep(const std::string& path) { leaving_.erase(path); }

    /// Removes now what is empty; the rest stays.
    void finish();

private:
    struct Leaving {
        Cgroup cgroup;
        UniqueFd events;
        IoWatch watch;
    };

    void on_event(const std::string& path);

    Loop& loop_;
    std::map<std::string, Leaving> leaving_;
};

}  // namespace comar
