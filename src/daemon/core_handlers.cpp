// SPDX-License-Identifier: MIT
#include "daemon/core_handlers.h"

#include <fmt/format.h>

#include "core/name.h"
#include "daemon/builtin_interfaces.h"
#include "daemon/invoker.h"

namespace comar {
namespace {

using nlohmann::json;

std::string first_errors(const Registrar::Outcome& outcome, const std::string& path) {
    std::string text;
    for (const auto& finding : outcome.findings) {
        if (!finding.is_error) continue;
        if (!text.empty()) text += "; ";
        text += path;
        if (finding.line != 0) text += fmt::format(":{}", finding.line);
        text += ": " + finding.message;
    }
    return text;
}

}  // namespace

void CoreHandlers::add_to(Handlers& handlers) {
    const bus::Interface& own = core_interface();
    handlers.add(own, "register", this, &CoreHandlers::register_script);
    handlers.add(own, "remove", this, &CoreHandlers::remove);
    handlers.add(own, "listModelApplications", this, &CoreHandlers::list_model_applications);
    handlers.add(own, "listApplicationModels", this, &CoreHandlers::list_application_models);
    handlers.add(own, "setLocale", this, &CoreHandlers::set_locale);
    handlers.add(own, "cancel", this, &CoreHandlers::cancel);
    handlers.add(own, "listRunning", this, &CoreHandlers::list_running);
}

void CoreHandlers::register_script(const IncomingCall& call) {
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

void CoreHandlers::remove(const IncomingCall& call) {
    const CallRequest request = call.caller.request(
        bus_safe_name(call.arguments[0].get<std::string>()), service_model, "stop");
    parts_.registrar.remove(request, [responder = call.responder](const CallReply& reply) {
        if (!reply) return responder.fail(reply.error());
        responder.reply();
    });
}

void CoreHandlers::list_model_applications(const IncomingCall& call) {
    const std::string model = call.arguments[0].get<std::string>();
    if (parts_.models.find(model) == nullptr) {
        return call.responder.fail({"Invalid", "there is no model " + model});
    }
    call.responder.reply("as", json::array({parts_.registry.apps_of(model)}));
}

void CoreHandlers::list_application_models(const IncomingCall& call) {
    const std::string app = bus_safe_name(call.arguments[0].get<std::string>());
    call.responder.reply("as", json::array({parts_.registry.models_of(app)}));
}

void CoreHandlers::set_locale(const IncomingCall& call) {
    const std::string language = call.arguments[0].get<std::string>();
    // One that the bus does not know any more would never be forgotten.
    const bool is_there = call.caller.uid.has_value();
    if (is_there && !parts_.languages.choose(call.caller.key, language)) {
        return call.responder.fail({"Invalid", "cannot use '" + language + "' as a language"});
    }
    call.responder.reply();
}

void CoreHandlers::cancel(const IncomingCall& call) {
    const std::string method = call.arguments[0].get<std::string>();
    call.responder.reply("i", json::array({parts_.ongoing.cancel(call.caller.key, method)}));
}

void CoreHandlers::list_running(const IncomingCall& call) {
    const bool all = call.arguments[0].get<bool>();
    call.responder.reply("as", json::array({parts_.ongoing.names(all ? "" : call.caller.key)}));
}

}  // namespace comar
