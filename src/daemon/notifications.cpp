// SPDX-License-Identifier: MIT
#include "daemon/notifications.h"

#include <utility>

#include "os/proc_scan.h"

namespace comar {
namespace {

/// Words of processes that nobody knows yet, of one service. Strangers say more.
constexpr std::size_t most_early = 32;

}  // namespace

Notifications::Notifications(Loop& loop, std::string folder, FindService find_service,
                             IsBusy is_busy, Said said)
    : find_service_(std::move(find_service)),
      is_busy_(std::move(is_busy)),
      said_(std::move(said)),
      sockets_(loop, std::move(folder),
               [this](const std::string& app, pid_t sender, const Notification& notification) {
                   told(app, sender, notification);
               }) {}

void Notifications::forget(const std::string& app) {
    early_.erase(app);
    sockets_.close(app);
}

/// A sender that is gone by now, as systemd-notify(1) mostly is, cannot be told from a stranger.
void Notifications::told(const std::string& app, pid_t sender, const Notification& said) {
    Service* service = find_service_(app);
    if (service == nullptr) return;
    if (!service->owns(sender)) return keep(app, sender, said);
    said_(*service, said);
}

/// Its word may be faster than that of the worker that has started it.
void Notifications::keep(const std::string& app, pid_t sender, const Notification& said) {
    const auto stat = read_stat(sender);
    if (!stat || !is_busy_(app)) return;
    auto& early = early_[app];
    if (early.size() < most_early) early.push_back({stat->id, said});
}

void Notifications::look_at(Service& service) {
    const auto found = early_.find(service.app());
    if (found == early_.end()) return;
    std::vector<Early> kept;
    std::vector<Early> taken;
    for (Early& one : found->second) {
        const auto stat = read_stat(one.sender.pid);
        if (!stat || stat->id != one.sender) continue;
        (service.owns(one.sender.pid) ? taken : kept).push_back(std::move(one));
    }
    // What they say may lead back here.
    if (kept.empty() || !is_busy_(service.app())) {
        early_.erase(found);
    } else {
        found->second = std::move(kept);
    }
    for (const Early& one : taken) said_(service, one.said);
}

}  // namespace comar
