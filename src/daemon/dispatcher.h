// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bus/connection.h"
#include "bus/model_table.h"
#include "daemon/authorizer.h"
#include "daemon/handlers.h"
#include "daemon/incoming_call.h"
#include "daemon/invoker.h"
#include "daemon/languages.h"
#include "daemon/object_tree.h"
#include "daemon/ongoing_calls.h"
#include "script/registry.h"

namespace comar {

/// From a message on a bus to what it asks for. In this order, for every method of every object:
/// find it (what no table names does not exist), check the arguments against its signature, check
/// whether the caller may, run it. There is no other way in.
class Dispatcher {
public:
    /// All of them outlive the dispatcher.
    struct Parts {
        const bus::ModelTable& models;
        const Registry& registry;
        const ObjectTree& tree;
        const Handlers& handlers;
        const Authorizer& authorizer;
        const Languages& languages;
        OngoingCalls& ongoing;
        Invoker& invoker;
    };
    /// Who sent this message; may answer later.
    using Identify =
        std::function<void(bus::Connection&, const bus::Message&, std::function<void(Caller)>)>;

    Dispatcher(Parts parts, Identify identify) : parts_(parts), identify_(std::move(identify)) {}

    /// False: nobody here knows such a call, sd-bus answers it.
    bool handle(bus::Connection& connection, bus::Message& message);

private:
    using SharedCall = std::shared_ptr<IncomingCall>;

    bool refuse_unknown(const bus::Message& message, const Responder& responder) const;
    /// Why there is nothing to call, where the object has scripts.
    [[nodiscard]] std::string why_unknown(const bus::Message& message) const;
    void authorize(const SharedCall& call);
    void authorize_by_script(const SharedCall& call);
    void decide(const SharedCall& call, const std::string& action, std::function<void()> then);
    void run(const IncomingCall& call);
    void run_script(const IncomingCall& call, const bus::Model& model);

    Parts parts_;
    Identify identify_;
};

}  // namespace comar
