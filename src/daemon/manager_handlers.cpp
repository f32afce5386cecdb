// SPDX-License-Identifier: MIT
#include "daemon/manager_handlers.h"

#include "bus/dict.h"
#include "core/name.h"
#include "daemon/builtin_interfaces.h"
#include "daemon/invoker.h"

namespace comar {

using nlohmann::json;

void ManagerHandlers::add_to(Handlers& handlers) {
    const bus::Interface& own = manager_interface();
    handlers.add(own, "Register", this, &ManagerHandlers::register_script);
    handlers.add(own, "Restart", this, &ManagerHandlers::restart);
    handlers.add(own, "Reset", this, &ManagerHandlers::reset);
    handlers.add(own, "Show", this, &ManagerHandlers::show);
    handlers.add(own, "ListServices", this, &ManagerHandlers::list_services);
    handlers.add(own, "Reexec", this, &ManagerHandlers::reexec);
    handlers.add(own, "ReloadModels", this, &ManagerHandlers::reload_models);
}

void ManagerHandlers::register_script(const IncomingCall& call) {
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

void ManagerHandlers::restart(const IncomingCall& call) {
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

void ManagerHandlers::reset(const IncomingCall& call) {
    const std::string app = bus_safe_name(call.arguments[0].get<std::string>());
    if (parts_.registry.find(service_model, app) == nullptr) {
        return call.responder.fail({"Internal", "Unable to find " + app});
    }
    parts_.supervisor.restarter().reset(app);
    call.responder.reply();
}

void ManagerHandlers::show(const IncomingCall& call) {
    const CallRequest request = call.caller.request(
        bus_safe_name(call.arguments[0].get<std::string>()), service_model, "show");
    if (parts_.registry.find(service_model, request.app) == nullptr) {
        return call.responder.fail({"Internal", "Unable to find " + request.app});
    }
    // They may be secrets, in a file that only root and comard's user can read.
    const auto values = call.caller.may_do_anything() ? Listing::EnvironmentValues::told
                                                      : Listing::EnvironmentValues::withheld;
    parts_.book.refresh(request, [this, app = request.app, values,
                                  responder = call.responder](const CallReply& fresh) {
        if (!fresh) return responder.fail(fresh.error());
        responder.reply("a(sss)", json::array({parts_.listing.settings(app, values)}));
    });
}

void ManagerHandlers::list_services(const IncomingCall& call) {
    const json type = bus::value_of(call.arguments[0], "type");
    if (!type.is_null() && !type.is_string()) {
        return call.responder.fail({"Invalid", "option type must be a string"});
    }
    parts_.listing.list(
        call.caller.request("", service_model, "status"),
        type.is_null() ? "" : type.get<std::string>(), [responder = call.responder](json rows) {
            responder.reply(Listing::list_signature, json::array({std::move(rows)}));
        });
}

void ManagerHandlers::reexec(const IncomingCall& call) {
    if (const auto possible = parts_.can_reexec(); !possible) {
        return call.responder.fail(
            {"Invalid", possible.error().message + "; comard goes on as it was"});
    }
    parts_.reexec([responder = call.responder] { responder.reply(); });
}

void ManagerHandlers::reload_models(const IncomingCall& call) {
    call.responder.reply("as", json::array({parts_.reload_models()}));
}

}  // namespace comar
