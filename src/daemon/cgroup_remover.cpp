// SPDX-License-Identifier: MIT
#include "daemon/cgroup_remover.h"

#include <memory>
#include <utility>

#include <sys/epoll.h>

namespace comar {

void CgroupRemover::remove_when_empty(const Cgroup& cgroup) {
    if (cgroup.remove()) return;
    auto events = cgroup.watch();
    if (!events) return;
    auto watch = IoWatch::create(loop_, events->get(), EPOLLPRI,
                                 [this, path = cgroup.path()](std::uint32_t) { on_event(path); });
    if (!watch) return;
    leaving_.insert_or_assign(cgroup.path(),
                              Leaving{cgroup, std::move(*events), std::move(*watch)});
    // It may have become empty before anybody watched.
    on_event(cgroup.path());
}

void CgroupRemover::on_event(const std::string& path) {
    const auto found = leaving_.find(path);
    if (found == leaving_.end() || is_populated(found->second.events.get()).value_or(false)) return;
    if (!found->second.cgroup.remove()) return;
    // The watch must outlive its own call-back.
    loop_.defer([gone = std::make_shared<Leaving>(std::move(found->second))] {});
    leaving_.erase(found);
}

void CgroupRemover::finish() {
    for (const auto& [path, leaving] : leaving_) (void)leaving.cgroup.remove();
    leaving_.clear();
}

}  // namespace comar
