// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "bus/model_table.h"
#include "daemon/handlers.h"
#include "daemon/listing.h"
#include "daemon/object_tree.h"
#include "daemon/paths.h"
#include "script/registry.h"

namespace comar {

/// What every object of D-Bus has: Introspectable, Properties, and on the folders ObjectManager
/// (D-Bus specification, "Standard Interfaces"). sd-bus answers Peer.
class StandardHandlers {
public:
    /// All of them outlive the handlers.
    struct Parts {
        const Paths& paths;
        const bus::ModelTable& models;
        const Registry& registry;
        const ObjectTree& tree;
        Listing& listing;
    };

    explicit StandardHandlers(Parts parts) : parts_(parts) {}

    void add_to(Handlers& handlers);

    /// The interfaces of an object with their properties, as comard knows them without asking the
    /// script: a{sa{sv}} of ObjectManager.
    [[nodiscard]] nlohmann::json interfaces_of(const std::string& app) const;
    /// Of one of its models.
    [[nodiscard]] nlohmann::json interfaces_of(const std::string& app,
                                               const std::string& model) const;

private:
    void introspect(const IncomingCall& call);
    void get_property(const IncomingCall& call);
    void get_all_properties(const IncomingCall& call);
    void set_property(const IncomingCall& call);
    void get_managed_objects(const IncomingCall& call);

    using GotProperties = std::function<void(const nlohmann::json&)>;
    void properties_of(const IncomingCall& call, const std::string& interface, GotProperties got);

    Parts parts_;
};

}  // namespace comar
