// SPDX-License-Identifier: MIT
#include "daemon/check_cgroup.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>

#include "os/cgroup.h"

namespace comar {
namespace {

/// No service has a dot in its name.
constexpr const char* cgroup_name = "health.checks";

}  // namespace

CheckCgroup::CheckCgroup(const std::string& parent) : parent_(parent) { kill(); }

int CheckCgroup::fd() {
    if (may_be_deadly_) remove();
    if (folder_ || may_be_deadly_ || parent_.empty()) return folder_.get();
    const auto cgroup = Cgroup::create(parent_, cgroup_name);
    if (cgroup) folder_.reset(::open(cgroup->path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder_) {
        spdlog::warn("health checks run without a cgroup: {}",
                     cgroup ? "cannot open " + cgroup->path() : cgroup.error().message);
        parent_.clear();
    }
    return folder_.get();
}

Result<std::vector<pid_t>> CheckCgroup::processes() const {
    if (!folder_) return failure(ErrorKind::not_found, "health checks have no cgroup");
    auto cgroup = Cgroup::open(parent_ + "/" + cgroup_name);
    if (!cgroup) return Failure(std::move(cgroup.error()));
    return cgroup->processes();
}

void CheckCgroup::kill() {
    if (parent_.empty()) return;
    const auto cgroup = Cgroup::open(parent_ + "/" + cgroup_name);
    if (!cgroup) return;
    (void)cgroup->kill();
    may_be_deadly_ = true;
}

void CheckCgroup::remove() {
    folder_.reset();
    if (parent_.empty()) return;
    const auto cgroup = Cgroup::open(parent_ + "/" + cgroup_name);
    may_be_deadly_ = cgroup && !cgroup->remove();
}

}  // namespace comar
