// SPDX-License-Identifier: MIT
#include "daemon/notifications.h"

#include <algorithm>
#include <utility>

#include <unistd.h>

#include "os/proc_scan.h"

namespace comar {
namespace {

/// Words of processes that nobody knows yet, to one service: of one user, so that nobody takes the
/// room of others, and of all.
constexpr std::ptrdiff_t most_of_one = 32;
constexpr std::size_t most_early = 256;

}  // namespace

Notifications::Notifications(Loop& loop, std::string folder, FindService find_service,
                             IsBusy is_busy, Said said)
    : find_service_(std::move(find_service)),
      is_busy_(std::move(is_busy)),
      said_(std::move(said)),
      sockets_(loop, std::move(folder),
               [this](const std::string& app, const Sender& sender,
                      const Notification& notification) { told(app, sender, notification); }) {}

void Notifications::forget(const std::string& app) {
    early_.erase(app);
    sockets_.close(app);
}

/// A sender that is gone by now, as systemd-notify(1) mostly is, cannot be told from a stranger.
void Notifications::told(const std::string& app, const Sender& sender, const Notification& said) {
    Service* service = find_service_(app);
    if (service == nullptr) return;
    if (!service->owns(sender.pid)) return keep(app, sender, said);
    said_(*service, said);
}

/// Its word may be faster than that of the worker that has started it.
void Notifications::keep(const std::string& app, const Sender& sender, const Notification& said) {
    if (!is_busy_(app)) return;
    const auto stat = read_stat(sender.pid);
    // All that a service can become hangs below comard.
    if (!stat || !descends_from(sender.pid, ::getpid())) return;
    auto& early = early_[app];
    const auto of_one = std::count_if(early.begin(), early.end(),
                                      [&](const Early& one) { return one.user == sender.uid; });
    if (of_one >= most_of_one || early.size() >= most_early) return;
    early.push_back({stat->id, sender.uid, said});
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
