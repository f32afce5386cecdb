// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bus/model_table.h"
#include "daemon/calls.h"
#include "daemon/invoker.h"
#include "daemon/outputs.h"
#include "daemon/service_table.h"
#include "daemon/start_up_states.h"
#include "script/registry.h"

namespace comar {

/// Registers scripts after checking them, and removes them.
class Registrar {
public:
    struct Finding {
        bool is_error = false;
        unsigned line = 0;
        std::string message;
    };
    struct Outcome {
        std::vector<Finding> findings;  ///< with an error among them nothing was registered
        std::string diff;               ///< what was translated from Python 2
        [[nodiscard]] bool refused() const;
    };
    enum class Version {
        first,    ///< it was not there before
        another,  ///< than the one that was
        same,     ///< word for word
    };
    using Registered = std::function<void(tl::expected<Outcome, CallError>)>;
    using Removed = std::function<void(CallReply)>;

    /// All of them outlive the registrar.
    struct Parts {
        const bus::ModelTable& models;
        Registry& registry;
        const StartUpStates& start_up;
        ServiceTable& services;
        Outputs& outputs;
        Calls& calls;
        Jobs& jobs;
        /// Reads what has changed of the settings of all services, and of this one.
        std::function<void(const std::string& app, std::function<void()> then)> refresh_settings;
        /// What cannot be with it beside the other scripts.
        std::function<std::vector<Finding>(const std::string& app, const Facts& facts,
                                           const std::string& path)>
            judge;
        /// A script was registered, or edited.
        std::function<void(const std::string& app, const std::string& model, Version version)>
            added;
        /// All scripts of an app are gone.
        std::function<void(const std::string& app, const std::vector<std::string>& models)> removed;
    };

    explicit Registrar(Parts parts) : parts_(std::move(parts)) {}

    /// Checks the file at `path` and installs what passes, translated where it must be. A script
    /// that is refused leaves the one registered before in place; a service that runs goes on.
    void add(const CallRequest& by, const std::string& path, Registered done);

    /// Removes all scripts of an app. A service that runs is stopped first; one that does not stop
    /// stays registered.
    void remove(const CallRequest& by, Removed done);

    /// Learns about scripts that were put into the folder by hand, or edited there.
    void learn_missing();
    /// The script of a service was edited where it is registered: learns what it says now. Invalid:
    /// it has errors, and must not be run.
    void look_again(const CallRequest& by, Calls::Done done);

private:
    void check(const CallRequest& by, const std::string& path, Calls::Done done);
    tl::expected<Outcome, CallError> install_checked(const CallRequest& by, const std::string& path,
                                                     const nlohmann::json& checked);
    tl::expected<Outcome, CallError> install(const CallRequest& by, const std::string& path,
                                             const nlohmann::json& checked);
    [[nodiscard]] Version version_of(const CallRequest& by, const std::string& text) const;
    void apply_default(const std::string& app, const Facts& facts);
    void stop_if_running(const CallRequest& by, Removed then);
    CallReply remove_now(const std::string& app);
    CallReply learn_edited(const std::string& app, const std::string& path,
                           const nlohmann::json& checked);

    Parts parts_;
};

/// What a worker has answered, in the values of docs/protocol.md, as plain JSON: dicts become
/// objects.
[[nodiscard]] nlohmann::json plain_values(const nlohmann::json& value);

}  // namespace comar
