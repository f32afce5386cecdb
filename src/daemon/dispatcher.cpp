// SPDX-License-Identifier: MIT
#include "daemon/dispatcher.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include <fmt/format.h>

#include "bus/value.h"
#include "core/name.h"
#include "daemon/builtin_interfaces.h"

namespace comar {
namespace {

using nlohmann::json;

constexpr std::string_view package_folder = "/package";
constexpr std::string_view package_prefix = "/package/";
constexpr std::size_t max_language = 32;
/// A bus has at most so many clients; each may choose a language once.
constexpr std::size_t max_languages = 10'000;
constexpr const char* default_language = "en";

/// The app behind "/package/<app>"; empty for other paths.
std::string app_of(std::string_view path) {
    if (!path.starts_with(package_prefix)) return "";
    return std::string(path.substr(package_prefix.size()));
}

bool is_language(const std::string& text) {
    return !text.empty() && text.size() <= max_language &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.' || c == '@';
           });
}

const bus::Method* find_in(const bus::Interface& interface, std::string_view member) {
    const auto found = std::find_if(interface.methods.begin(), interface.methods.end(),
                                    [&](const bus::Method& one) { return one.name == member; });
    return found == interface.methods.end() ? nullptr : &*found;
}

bool is_standard(std::string_view interface) {
    return interface.starts_with("org.freedesktop.DBus");
}

/// {"variant": …} around each value is for the wire only.
json value_of(const json& properties, const std::string& name) {
    for (const json& pair : properties.at("dict")) {
        if (pair[0] == name) return pair[1];
    }
    return {};
}

std::string first_errors(const Registrar::Outcome& outcome, const std::string& path) {
    std::string text;
    for (const auto& finding : outcome.findings) {
        if (!finding.is_error) continue;
        if (!text.empty()) text += "; ";
        text += fmt::format("{}:{}: {}", path, finding.line, finding.message);
    }
    return text;
}

}  // namespace

bool Dispatcher::handle(bus::Connection& connection, bus::Message& message) {
    const std::string path(message.path());
    const Responder responder(connection.shared_from_this(), message);
    const auto found = find_method(path, message.interface(), message.member());
    if (!found) {
        if (is_standard(message.interface())) return false;
        const std::string app = app_of(path);
        const bool known_app = app.empty() || !parts_.registry.models_of(app).empty();
        if (known_app) {
            responder.fail(
                {"Invalid", fmt::format("cannot call {}.{} of {}: there is no such method",
                                        message.interface(), message.member(), path)});
        } else {
            responder.fail({"Internal", "Unable to find " + app});
        }
        return true;
    }
    const std::string wanted = found->method.in_signature();
    if (message.signature() != wanted) {
        responder.fail({"Invalid", fmt::format("cannot call {}: got arguments of signature '{}', "
                                               "expected '{}'",
                                               found->method.name, message.signature(), wanted)});
        return true;
    }
    auto arguments = bus::read_body(message.get());
    if (!arguments) {
        responder.fail({"Invalid", arguments.error().message});
        return true;
    }
    const auto call = std::make_shared<Call>(
        Call{app_of(path), found->interface, found->method, std::move(*arguments), {}, responder});
    identify_(connection, message, [this, call](Caller caller) {
        call->caller = std::move(caller);
        call->caller.language = language_of(call->caller.key);
        authorize(call);
    });
    return true;
}

/// A message may leave the interface out; the first one that has the member is meant then.
std::optional<Dispatcher::Found> Dispatcher::find_method(std::string_view path,
                                                         std::string_view interface,
                                                         std::string_view member) const {
    if (!exists(path)) return std::nullopt;
    for (const bus::Interface* one : interfaces_of(path)) {
        if (!interface.empty() && one->name != interface) continue;
        if (const bus::Method* method = find_in(*one, member)) return Found{one->name, *method};
    }
    const std::string app = app_of(path);
    if (app.empty()) return std::nullopt;
    for (const std::string& name : parts_.registry.models_of(app)) {
        const bus::Model* model = parts_.models.find(name);
        if (model == nullptr || (!interface.empty() && model->interface() != interface)) continue;
        if (const bus::Method* method = model->find_method(member)) {
            return Found{model->interface(), *method};
        }
    }
    return std::nullopt;
}

bool Dispatcher::exists(std::string_view path) const {
    if (path == "/" || path == package_folder) return true;
    const std::string app = app_of(path);
    return !app.empty() && !parts_.registry.models_of(app).empty();
}

std::vector<const bus::Interface*> Dispatcher::interfaces_of(std::string_view path) const {
    std::vector<const bus::Interface*> interfaces{&introspectable_interface(),
                                                  &properties_interface()};
    if (path == "/") {
        interfaces.push_back(&core_interface());
        interfaces.push_back(&manager_interface());
    }
    if (parts_.registry.find(service_model, app_of(path)) != nullptr) {
        interfaces.push_back(&supervision_interface());
    }
    return interfaces;
}

void Dispatcher::authorize(const std::shared_ptr<Call>& call) {
    if (call->method.open) return run(*call);
    const std::string action =
        call->method.action.value_or(call->interface + "." + call->method.name);
    parts_.authorizer.decide(call->caller, action, [this, call, action](bool allowed) {
        if (!allowed) return call->responder.fail({"Comar.PolicyKit", action});
        run(*call);
    });
}

void Dispatcher::run(const Call& call) {
    if (const Handler handler = handler_of(call.interface, call.method.name)) {
        return (this->*handler)(call);
    }
    const bus::Model* model = parts_.models.find_interface(call.interface);
    if (model == nullptr) {
        return call.responder.fail({"Invalid", "there is no interface " + call.interface});
    }
    CallRequest request = call.caller.request(call.app, model->name, call.method.name);
    request.arguments = call.arguments;
    parts_.invoker.invoke(std::move(request),
                          [responder = call.responder,
                           signature = call.method.out_signature()](const CallReply& reply) {
                              if (!reply) return responder.fail(reply.error());
                              responder.reply(signature, *reply);
                          });
}

Dispatcher::Handler Dispatcher::handler_of(const std::string& interface,
                                           const std::string& member) {
    struct Row {
        const bus::Interface& interface;
        std::string_view member;
        Handler handler;
    };
    static const std::array<Row, 12> rows{{
        {core_interface(), "register", &Dispatcher::register_script},
        {core_interface(), "remove", &Dispatcher::remove},
        {core_interface(), "listModelApplications", &Dispatcher::list_model_applications},
        {core_interface(), "listApplicationModels", &Dispatcher::list_application_models},
        {core_interface(), "setLocale", &Dispatcher::set_locale},
        {manager_interface(), "Register", &Dispatcher::register_with_findings},
        {manager_interface(), "Restart", &Dispatcher::restart},
        {manager_interface(), "ListServices", &Dispatcher::list_services},
        {introspectable_interface(), "Introspect", &Dispatcher::introspect},
        {properties_interface(), "Get", &Dispatcher::get_property},
        {properties_interface(), "GetAll", &Dispatcher::get_all_properties},
        {properties_interface(), "Set", &Dispatcher::set_property},
    }};
    for (const Row& row : rows) {
        if (row.interface.name == interface && row.member == member) return row.handler;
    }
    return nullptr;
}

std::string Dispatcher::language_of(const std::string& caller) const {
    const auto found = languages_.find(caller);
    return found == languages_.end() ? default_language : found->second;
}

// ---- tr.org.pardus.comar

void Dispatcher::register_script(const Call& call) {
    const std::string path = call.arguments[2].get<std::string>();
    const CallRequest request =
        call.caller.request(bus_safe_name(call.arguments[0].get<std::string>()),
                            call.arguments[1].get<std::string>(), "register");
    parts_.registrar.add(request, path,
                         [responder = call.responder, path, app = request.app](
                             const tl::expected<Registrar::Outcome, CallError>& outcome) {
                             if (!outcome) return responder.fail(outcome.error());
                             if (!outcome->refused()) return responder.reply();
                             responder.fail({"Invalid", "cannot register " + app + ": " +
                                                            first_errors(*outcome, path)});
                         });
}

void Dispatcher::remove(const Call& call) {
    const CallRequest request = call.caller.request(
        bus_safe_name(call.arguments[0].get<std::string>()), service_model, "stop");
    parts_.registrar.remove(request, [responder = call.responder](const CallReply& reply) {
        if (!reply) return responder.fail(reply.error());
        responder.reply();
    });
}

void Dispatcher::list_model_applications(const Call& call) {
    const std::string model = call.arguments[0].get<std::string>();
    if (parts_.models.find(model) == nullptr) {
        return call.responder.fail({"Invalid", "there is no model " + model});
    }
    call.responder.reply("as", json::array({parts_.registry.apps_of(model)}));
}

void Dispatcher::list_application_models(const Call& call) {
    const std::string app = bus_safe_name(call.arguments[0].get<std::string>());
    call.responder.reply("as", json::array({parts_.registry.models_of(app)}));
}

void Dispatcher::set_locale(const Call& call) {
    const std::string language = call.arguments[0].get<std::string>();
    if (!is_language(language)) {
        return call.responder.fail({"Invalid", "cannot use '" + language + "' as a language"});
    }
    // One that the bus does not know any more would never be forgotten.
    const bool there = call.caller.uid.has_value();
    if (there && (languages_.size() < max_languages || languages_.contains(call.caller.key))) {
        languages_[call.caller.key] = language;
    }
    call.responder.reply();
}

// ---- tr.org.pardus.comar.Manager

void Dispatcher::register_with_findings(const Call& call) {
    const std::string path = call.arguments[2].get<std::string>();
    const CallRequest request =
        call.caller.request(bus_safe_name(call.arguments[0].get<std::string>()),
                            call.arguments[1].get<std::string>(), "register");
    parts_.registrar.add(
        request, path,
        [responder = call.responder,
         path](const tl::expected<Registrar::Outcome, CallError>& outcome) {
            if (!outcome) return responder.fail(outcome.error());
            json findings = json::array();
            for (const auto& finding : outcome->findings) {
                findings.push_back(
                    {finding.is_error ? "error" : "warning", finding.line, path, finding.message});
            }
            responder.reply("a(suss)s", json::array({std::move(findings), outcome->diff}));
        });
}

void Dispatcher::restart(const Call& call) {
    CallRequest request = call.caller.request(bus_safe_name(call.arguments[0].get<std::string>()),
                                              service_model, "restart");
    if (parts_.registry.find(service_model, request.app) == nullptr) {
        return call.responder.fail({"Internal", "Unable to find " + request.app});
    }
    parts_.jobs.submit(JobKind::restart, std::move(request),
                       [responder = call.responder](const CallReply& reply) {
                           if (!reply) return responder.fail(reply.error());
                           responder.reply();
                       });
}

void Dispatcher::list_services(const Call& call) {
    const json type = value_of(call.arguments[0], "type");
    if (!type.is_null() && !type.is_string()) {
        return call.responder.fail({"Invalid", "option type must be a string"});
    }
    parts_.listing.list(
        call.caller.request("", service_model, "status"),
        type.is_null() ? "" : type.get<std::string>(), [responder = call.responder](json rows) {
            responder.reply(Listing::list_signature, json::array({std::move(rows)}));
        });
}

// ---- the standard interfaces

void Dispatcher::introspect(const Call& call) {
    const std::string path(call.responder.call().path());
    std::vector<std::string> fragments;
    std::vector<std::string> children;
    for (const bus::Interface* one : interfaces_of(path)) {
        if (!is_standard(one->name)) fragments.push_back(bus::interface_xml(*one));
    }
    for (const std::string& name : parts_.registry.models_of(call.app)) {
        if (const bus::Model* model = parts_.models.find(name)) {
            fragments.push_back(bus::interface_xml(*model));
        }
    }
    if (path == "/") children.emplace_back(package_folder.substr(1));
    if (path == package_folder) children = parts_.registry.apps();
    const std::vector<std::string_view> views(fragments.begin(), fragments.end());
    call.responder.reply("s", json::array({bus::introspection_xml(views, children)}));
}

/// The properties of one interface, as a dict; null: the object does not have that interface.
void Dispatcher::properties_of(const Call& call, const std::string& interface, GotProperties got) {
    const auto all = interfaces_of(call.responder.call().path());
    const bool known = std::any_of(
        all.begin(), all.end(), [&](const bus::Interface* one) { return one->name == interface; });
    if (interface == supervision_interface().name && known) {
        return parts_.listing.properties(call.caller.request(call.app, service_model, "status"),
                                         got);
    }
    if (interface == manager_interface().name && known) {
        json values = json::array();
        values.push_back(json::array({"Version", COMAR_VERSION}));
        values.push_back(json::array({"Root", parts_.paths.root}));
        return got({{"dict", std::move(values)}});
    }
    const bus::Model* model = parts_.models.find_interface(interface);
    const bool has_model =
        model != nullptr && parts_.registry.find(model->name, call.app) != nullptr;
    got(known || has_model ? json{{"dict", json::array()}} : json());
}

void Dispatcher::get_property(const Call& call) {
    const std::string interface = call.arguments[0].get<std::string>();
    const std::string name = call.arguments[1].get<std::string>();
    properties_of(call, interface, [responder = call.responder, name](const json& properties) {
        const json value = properties.is_null() ? json() : value_of(properties, name);
        if (value.is_null()) {
            return responder.fail_with_name("org.freedesktop.DBus.Error.UnknownProperty",
                                            "there is no property " + name);
        }
        responder.reply("v", json::array({value}));
    });
}

void Dispatcher::get_all_properties(const Call& call) {
    const std::string interface = call.arguments[0].get<std::string>();
    properties_of(call, interface, [responder = call.responder, interface](const json& properties) {
        if (properties.is_null()) {
            return responder.fail_with_name("org.freedesktop.DBus.Error.UnknownInterface",
                                            "there is no interface " + interface);
        }
        responder.reply(Listing::properties_signature, json::array({properties}));
    });
}

void Dispatcher::set_property(const Call& call) {
    call.responder.fail_with_name(
        "org.freedesktop.DBus.Error.PropertyReadOnly",
        "cannot set " + call.arguments[1].get<std::string>() + ": all properties are read-only");
}

}  // namespace comar
