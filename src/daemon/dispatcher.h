// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "bus/connection.h"
#include "bus/introspection.h"
#include "bus/model_table.h"
#include "daemon/authorizer.h"
#include "daemon/caller.h"
#include "daemon/invoker.h"
#include "daemon/listing.h"
#include "daemon/paths.h"
#include "daemon/registrar.h"
#include "daemon/responder.h"

namespace comar {

/// From a message on a bus to what it asks for. In this order, for every method of every object:
/// find it (what no table names does not exist), check the arguments against its signature, check
/// whether the caller may, run it. There is no other way in.
class Dispatcher {
public:
    /// All of them outlive the dispatcher.
    struct Parts {
        const Paths& paths;
        const bus::ModelTable& models;
        const Registry& registry;
        const Authorizer& authorizer;
        Invoker& invoker;
        Jobs& jobs;
        Listing& listing;
        Registrar& registrar;
    };
    /// Who sent this message; may answer later.
    using Identify =
        std::function<void(bus::Connection&, const bus::Message&, std::function<void(Caller)>)>;

    Dispatcher(Parts parts, Identify identify) : parts_(parts), identify_(std::move(identify)) {}

    /// False: nobody here knows such a call, sd-bus answers it.
    bool handle(bus::Connection& connection, bus::Message& message);

    /// A client is gone.
    void forget(const std::string& caller) { languages_.erase(caller); }
    [[nodiscard]] std::string language_of(const std::string& caller) const;

private:
    /// One call that was found and read.
    struct Call {
        std::string app;  ///< of the object; empty for `/`
        std::string interface;
        bus::Method method;
        nlohmann::json arguments;
        Caller caller;
        Responder responder;
    };
    using Handler = void (Dispatcher::*)(const Call&);
    struct Found {
        std::string interface;
        bus::Method method;
    };

    [[nodiscard]] std::optional<Found> find_method(std::string_view path,
                                                   std::string_view interface,
                                                   std::string_view member) const;
    [[nodiscard]] std::vector<const bus::Interface*> interfaces_of(std::string_view path) const;
    [[nodiscard]] bool exists(std::string_view path) const;
    void authorize(const std::shared_ptr<Call>& call);
    void run(const Call& call);
    static Handler handler_of(const std::string& interface, const std::string& member);

    void register_script(const Call& call);
    void register_with_findings(const Call& call);
    void remove(const Call& call);
    void list_model_applications(const Call& call);
    void list_application_models(const Call& call);
    void set_locale(const Call& call);
    void restart(const Call& call);
    void list_services(const Call& call);
    void introspect(const Call& call);
    void get_property(const Call& call);
    void get_all_properties(const Call& call);
    void set_property(const Call& call);

    using GotProperties = std::function<void(const nlohmann::json&)>;
    void properties_of(const Call& call, const std::string& interface, GotProperties got);

    Parts parts_;
    Identify identify_;
    std::map<std::string, std::string> languages_;
};

}  // namespace comar
