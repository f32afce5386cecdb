// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "daemon/calls.h"
#include "daemon/dependency_book.h"
#include "daemon/script_bridge.h"
#include "daemon/service_table.h"
#include "daemon/settings.h"
#include "daemon/start_up_states.h"
#include "script/registry.h"

namespace comar {

class SettingsBook;
class Outputs;
class Supervisor;

/// What comar tells about services: for lists, and for one (docs/dbus.md, ListServices and
/// Supervision). Answered from what is supervised; only scripts of services that comar does not
/// track are asked.
class Listing {
public:
    /// All of them outlive the listing.
    struct Parts {
        const Registry& registry;
        const StartUpStates& start_up;
        ServiceTable& services;
        Calls& calls;
        const ScriptBridge& bridge;
        const Supervisor& supervisor;
        const SettingsBook& book;
        const DependencyBook& dependencies;
        const Outputs& outputs;
        const Settings& common;
    };
    using Done = std::function<void(nlohmann::json)>;

    static constexpr const char* list_signature = "a(sssssu)";
    static constexpr const char* properties_signature = "a{sv}";

    explicit Listing(Parts parts) : parts_(parts) {}

    /// All services, of one type where `type` is not empty.
    void list(const CallRequest& by, const std::string& type, Done done);

    /// The properties of one that is registered, as a dict.
    void properties(const CallRequest& by, Done done);
    /// What a service's environment says may be secret: passwords, keys.
    enum class EnvironmentValues { told, withheld };
    /// The rows of Manager.Show.
    [[nodiscard]] nlohmann::json settings(const std::string& app, EnvironmentValues values) const;
    /// As properties(), from what comard knows without asking the script.
    [[nodiscard]] nlohmann::json known_properties(const std::string& app) const;
    /// Those that PropertiesChanged tells. Null: no such service is registered.
    [[nodiscard]] nlohmann::json told_properties(const std::string& app) const;

private:
    [[nodiscard]] bool must_ask(const Script& script) const;
    [[nodiscard]] bool must_ask_for_description(const Script& script) const;
    [[nodiscard]] nlohmann::json row(const Script& script, StartUp start_up,
                                     const std::string& language,
                                     const nlohmann::json& asked) const;
    [[nodiscard]] nlohmann::json describe(const std::string& app, const std::string& state) const;
    [[nodiscard]] nlohmann::json summary(const Script& script, const Service& service,
                                         const std::string& state) const;

    Parts parts_;
};

}  // namespace comar
