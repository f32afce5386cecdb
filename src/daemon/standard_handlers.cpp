// SPDX-License-Identifier: MIT
#include "daemon/standard_handlers.h"

#include <algorithm>

#include "bus/dict.h"
#include "daemon/builtin_interfaces.h"
#include "daemon/invoker.h"

namespace comar {

using nlohmann::json;

void StandardHandlers::add_to(Handlers& handlers) {
    handlers.add(introspectable_interface(), "Introspect", this, &StandardHandlers::introspect);
    handlers.add(properties_interface(), "Get", this, &StandardHandlers::get_property);
    handlers.add(properties_interface(), "GetAll", this, &StandardHandlers::get_all_properties);
    handlers.add(properties_interface(), "Set", this, &StandardHandlers::set_property);
    handlers.add(object_manager_interface(), "GetManagedObjects", this,
                 &StandardHandlers::get_managed_objects);
}

void StandardHandlers::introspect(const IncomingCall& call) {
    const std::string path(call.responder.call().path());
    call.responder.reply("s", json::array({parts_.tree.introspect(path)}));
}

/// The properties of one interface, as a dict; null: the object does not have that interface.
void StandardHandlers::properties_of(const IncomingCall& call, const std::string& interface,
                                     GotProperties got) {
    const std::string path(call.responder.call().path());
    const auto own = parts_.tree.own_interfaces(path);
    const bool is_known = std::any_of(
        own.begin(), own.end(), [&](const bus::Interface* one) { return one->name == interface; });
    if (interface == supervision_interface().name && is_known) {
        return parts_.listing.properties(call.caller.request(call.app, service_model, "status"),
                                         std::move(got));
    }
    if (interface == manager_interface().name && is_known) {
        json values = bus::empty_dict();
        bus::put(values, "Version", COMAR_VERSION);
        bus::put(values, "Root", parts_.paths.root);
        return got(values);
    }
    const auto models = parts_.tree.models(path);
    const bool has_model = std::any_of(models.begin(), models.end(), [&](const bus::Model* model) {
        return model->interface() == interface;
    });
    got(is_known || has_model ? bus::empty_dict() : json());
}

void StandardHandlers::get_property(const IncomingCall& call) {
    const std::string interface = call.arguments[0].get<std::string>();
    const std::string name = call.arguments[1].get<std::string>();
    properties_of(call, interface, [responder = call.responder, name](const json& properties) {
        const json value = properties.is_null() ? json() : bus::value_of(properties, name);
        if (value.is_null()) {
            return responder.fail_with_name("org.freedesktop.DBus.Error.UnknownProperty",
                                            "there is no property " + name);
        }
        responder.reply("v", json::array({value}));
    });
}

void StandardHandlers::get_all_properties(const IncomingCall& call) {
    const std::string interface = call.arguments[0].get<std::string>();
    properties_of(call, interface, [responder = call.responder, interface](const json& properties) {
        if (properties.is_null()) {
            return responder.fail_with_name("org.freedesktop.DBus.Error.UnknownInterface",
                                            "there is no interface " + interface);
        }
        responder.reply(Listing::properties_signature, json::array({properties}));
    });
}

void StandardHandlers::set_property(const IncomingCall& call) {
    call.responder.fail_with_name(
        "org.freedesktop.DBus.Error.PropertyReadOnly",
        "cannot set " + call.arguments[1].get<std::string>() + ": all properties are read-only");
}

void StandardHandlers::get_managed_objects(const IncomingCall& call) {
    json objects = bus::empty_dict();
    for (const std::string& app : parts_.registry.apps()) {
        bus::put(objects, path_of(app), interfaces_of(app));
    }
    call.responder.reply("a{oa{sa{sv}}}", json::array({std::move(objects)}));
}

json StandardHandlers::interfaces_of(const std::string& app) const {
    json interfaces = bus::empty_dict();
    for (const std::string& model : parts_.registry.models_of(app)) {
        const json of_model = interfaces_of(app, model);
        for (const json& pair : of_model["dict"]) interfaces["dict"].push_back(pair);
    }
    return interfaces;
}

json StandardHandlers::interfaces_of(const std::string& app, const std::string& model) const {
    json interfaces = bus::empty_dict();
    if (const bus::Model* known = parts_.models.find(model)) {
        bus::put(interfaces, known->interface(), bus::empty_dict());
    }
    if (model == service_model && parts_.registry.find(service_model, app) != nullptr) {
        bus::put(interfaces, supervision_interface().name, parts_.listing.known_properties(app));
    }
    return interfaces;
}

}  // namespace comar
