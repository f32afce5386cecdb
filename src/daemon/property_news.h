// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "daemon/broadcaster.h"
#include "loop/loop.h"

namespace comar {

/// Tells everybody which properties of a service have changed (PropertiesChanged): once for all
/// that changed in one iteration of the loop, and only what is another value than before.
class PropertyNews {
public:
    /// The properties of Supervision that are told; null: there is no such service any more.
    using Read = std::function<nlohmann::json(const std::string& app)>;

    /// Loop and broadcaster outlive it.
    PropertyNews(Loop& loop, const Broadcaster& broadcaster, Read read)
        : loop_(loop), broadcaster_(broadcaster), read_(std::move(read)) {}

    /// Something of the service may be different.
    void changed(const std::string& app);
    /// It is registered no more.
    void forget(const std::string& app) { told_.erase(app); }

private:
    void tell_all();
    void tell(const std::string& app);

    Loop& loop_;
    const Broadcaster& broadcaster_;
    Read read_;
    std::set<std::string> changed_;
    std::map<std::string, nlohmann::json> told_;  ///< the last values, by app
};

}  // namespace comar
