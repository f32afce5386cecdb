// SPDX-License-Identifier: MIT
#include "daemon/dispatcher.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "bus/value.h"

namespace comar {
namespace {

using nlohmann::json;

bool is_standard(std::string_view interface) {
    return interface.starts_with("org.freedesktop.DBus");
}

/// A method that names none has the action of its own name, in lower case as polkit wants it.
std::string action_of(const IncomingCall& call) {
    if (call.method.action) return *call.method.action;
    std::string action = call.full_name();
    std::transform(action.begin(), action.end(), action.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return action;
}

/// What an administrator's rule can ask about: action.lookup("service").
std::vector<std::pair<std::string, std::string>> details_of(const IncomingCall& call) {
    std::vector<std::pair<std::string, std::string>> details{{"verb", call.method.name}};
    // register, remove and Restart name the service in their first argument.
    const bool names_it = call.app.empty() && !call.method.in.empty() &&
                          call.method.in[0].name == "app" && call.arguments[0].is_string();
    const std::string service = names_it ? call.arguments[0].get<std::string>() : call.app;
    if (!service.empty()) details.emplace_back("service", service);
    if (!call.app.empty()) {
        details.emplace_back("model", call.interface.substr(bus::interface_prefix.size()));
    }
    if (call.method.name == "setState" && call.arguments.size() == 1 &&
        call.arguments[0].is_string()) {
        details.emplace_back("state", call.arguments[0].get<std::string>());
    }
    return details;
}

}  // namespace

bool Dispatcher::handle(bus::Connection& connection, bus::Message& message) {
    const std::string path(message.path());
    const Responder responder(connection.shared_from_this(), message);
    const auto found = parts_.tree.find_method(path, message.interface(), message.member());
    if (!found) return refuse_unknown(message, responder);
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
    const auto call = std::make_shared<IncomingCall>(IncomingCall{
        app_of(path), found->interface, found->method, std::move(*arguments), {}, responder});
    identify_(connection, message, [this, call](Caller caller) {
        call->caller = std::move(caller);
        call->caller.language = parts_.languages.of(call->caller.key);
        authorize(call);
    });
    return true;
}

bool Dispatcher::refuse_unknown(const bus::Message& message, const Responder& responder) const {
    const bool exists = parts_.tree.exists(message.path());
    if (is_standard(message.interface())) {
        if (exists) {
            responder.fail_with_name(
                "org.freedesktop.DBus.Error.UnknownMethod",
                fmt::format("cannot call {}.{} of {}: there is no such method", message.interface(),
                            message.member(), message.path()));
        }
        return exists;
    }
    const std::string app = app_of(message.path());
    if (!app.empty() && parts_.registry.models_of(app).empty()) {
        responder.fail({"Internal", "Unable to find " + app});
    } else {
        responder.fail(
            {"Invalid", fmt::format("cannot call {}.{} of {}: {}", message.interface(),
                                    message.member(), message.path(), why_unknown(message))});
    }
    return true;
}

std::string Dispatcher::why_unknown(const bus::Message& message) const {
    const bus::Model* model = parts_.models.find_interface(message.interface());
    const std::string app = app_of(message.path());
    if (model == nullptr || app.empty() || parts_.registry.find(model->name, app) != nullptr)
        return "there is no such method";
    return app + " has no script of model " + model->name;
}

void Dispatcher::authorize(const SharedCall& call) {
    if (call->method.open) return authorize_by_script(call);
    decide(call, action_of(*call), [this, call] { authorize_by_script(call); });
}

/// What the script itself wants on top (`policy_action_id` of its function).
void Dispatcher::authorize_by_script(const SharedCall& call) {
    const bus::Model* model = parts_.models.find_interface(call->interface);
    const Script* script =
        model == nullptr ? nullptr : parts_.registry.find(model->name, call->app);
    const auto action =
        script == nullptr ? std::nullopt : script->facts.action_of(call->method.name);
    if (!action) return run(*call);
    decide(call, *action, [this, call] { run(*call); });
}

void Dispatcher::decide(const SharedCall& call, const std::string& action,
                        std::function<void()> then) {
    parts_.authorizer.decide(
        {call->caller, action, details_of(*call)},
        [call, action, then = std::move(then)](bool allowed, const std::string& reason) {
            if (allowed) return then();
            spdlog::info("refused {} of {} to {}: {}", call->full_name(), call->app,
                         call->caller.key, reason);
            // The message is the action and nothing else: clients ask polkit about it (SPEC 4).
            call->responder.fail({"Comar.PolicyKit", action});
        });
}

void Dispatcher::run(const IncomingCall& call) {
    if (const auto* handler = parts_.handlers.find(call.interface, call.method.name)) {
        return (*handler)(call);
    }
    const bus::Model* model = parts_.models.find_interface(call.interface);
    if (model == nullptr) {
        return call.responder.fail({"Invalid", "there is no interface " + call.interface});
    }
    run_script(call, *model);
}

void Dispatcher::run_script(const IncomingCall& call, const bus::Model& model) {
    CallRequest request = call.caller.request(call.app, model.name, call.method.name);
    request.arguments = call.arguments;
    request.id = parts_.ongoing.begin(call.caller.key, call.full_name());
    parts_.invoker.invoke(request,
                          [&ongoing = parts_.ongoing, id = request.id, responder = call.responder,
                           signature = call.method.out_signature()](const CallReply& reply) {
                              ongoing.end(id);
                              if (!reply) return responder.fail(reply.error());
                              responder.reply(signature, *reply);
                          });
}

}  // namespace comar
