// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "daemon/calls.h"
#include "daemon/registrar.h"
#include "os/folder_changes.h"
#include "script/registry.h"
#include "script/settings.h"

namespace comar {

/// What each service is set to: by its script, and by an administrator in
/// `/etc/comar/services/<app>.toml`. Files that changed on disk are noticed when a service is to be
/// started, and all of them when something is asked or decided about many; nobody has to reload
/// anything.
class SettingsBook {
public:
    using Done = std::function<void(CallReply)>;

    /// All of them outlive the book. `folder`: where the administrator's files are.
    /// `scripts`: where those of services are, as they are registered.
    SettingsBook(const Registry& registry, Registrar& registrar, Calls& calls, std::string folder,
                 std::string scripts)
        : registry_(registry),
          registrar_(registrar),
          calls_(calls),
          folder_(std::move(folder)),
          changes_({folder_, std::move(scripts)}) {}

    /// Hears of each app whose administrator has set something else.
    void on_change(std::function<void(const std::string& app)> changed) {
        changed_ = std::move(changed);
    }

    /// Reads what has changed since the last time. Mostly nothing has, and `done` is called at
    /// once. An error names file and line.
    void refresh(const CallRequest& by, Done done);

    /// What cannot be used as it is on disk now, and why, by app.
    using Unusable = std::map<std::string, CallError>;
    /// The same for all services.
    void refresh_all(std::function<void(const Unusable&)> then);
    /// Files of the administrator that count for no service, with what is wrong, for people.
    [[nodiscard]] std::map<std::string, std::string> files_of_nobody() const;
    /// For those of which a file has changed since this was asked last, and for `new_app`, which is
    /// about to be registered. Costs nothing for the others, however many there are.
    void refresh_changed(const std::string& new_app, std::function<void()> then);

    /// As read last.
    [[nodiscard]] EffectiveSettings settings_of(const std::string& app) const;
    /// The same with a script that is about to be registered.
    [[nodiscard]] EffectiveSettings settings_with(const std::string& app, const Facts& facts,
                                                  const std::string& path) const;
    /// What its script says; null: it is not registered, or was not looked at.
    [[nodiscard]] const Facts* facts_of(const std::string& app) const;
    /// Tells whether what is on disk now is what a service was started with.
    [[nodiscard]] std::string stamp_of(const std::string& app) const;
    /// What the administrator has set is not what was read last.
    [[nodiscard]] bool is_outdated(const std::string& app) const;
    [[nodiscard]] std::string path_of(const std::string& app) const {
        return folder_ + "/" + app + ".toml";
    }
    void forget(const std::string& app) { overrides_.erase(app); }

private:
    struct Overrides {
        std::string stamp;
        nlohmann::json values = nlohmann::json::object();
        nlohmann::json lines = nlohmann::json::object();
    };

    void refresh_each(const std::set<std::string>& apps, std::function<void(const Unusable&)> then);
    void refresh_overrides(const CallRequest& by, const Done& done);
    [[nodiscard]] CallReply fits_script(const std::string& app, const Overrides& overrides) const;
    /// Empty: there was no file.
    [[nodiscard]] std::string known_stamp(const std::string& app) const;
    CallReply learn(const std::string& app, const std::string& stamp, const CallReply& reply);

    const Registry& registry_;
    Registrar& registrar_;
    Calls& calls_;
    std::string folder_;
    FolderChanges changes_;
    std::function<void(const std::string&)> changed_;
    std::map<std::string, Overrides> overrides_;
};

}  // namespace comar
