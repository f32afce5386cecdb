// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "daemon/notify_sockets.h"
#include "daemon/service.h"
#include "loop/loop.h"

namespace comar {

/// What services say of themselves, sd_notify(3): of all that comes to their sockets, what their
/// own processes have sent. Of a service that is being started that may be told only a moment
/// later.
class Notifications {
public:
    using FindService = std::function<Service*(const std::string& app)>;
    /// Whether a job of the service is under way.
    using IsBusy = std::function<bool(const std::string& app)>;
    using Said = std::function<void(Service& service, const Notification& said)>;

    /// The loop outlives it. `folder`: where the sockets are.
    Notifications(Loop& loop, std::string folder, FindService find_service, IsBusy is_busy,
                  Said said);

    /// The path of the service's socket, which is there from now on.
    Result<std::string> open(const std::string& app) { return sockets_.open(app); }
    void forget(const std::string& app);
    /// As NotifySockets.
    void take_handed_over() { sockets_.take_handed_over(); }
    [[nodiscard]] std::vector<UniqueFd> hand_over() { return sockets_.hand_over(); }
    /// Other processes may be known to be the service's.
    void look_at(Service& service);

private:
    /// What a process has said that is not known to be the service's.
    struct Early {
        ProcessId sender;
        uid_t user;
        Notification said;
    };
    using Sender = NotifySockets::Sender;

    void told(const std::string& app, const Sender& sender, const Notification& said);
    void keep(const std::string& app, const Sender& sender, const Notification& said);

    FindService find_service_;
    IsBusy is_busy_;
    Said said_;
    NotifySockets sockets_;
    std::map<std::string, std::vector<Early>> early_;
};

}  // namespace comar
