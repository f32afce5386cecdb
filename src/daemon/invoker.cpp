// SPDX-License-Identifier: MIT
#include "daemon/invoker.h"

#include <utility>

#include "bus/value.h"

namespace comar {
namespace {

using nlohmann::json;

/// What a Python function returned, as the list of results that the model names.
json results_of(const bus::Method& method, const json& value) {
    switch (method.out.size()) {
        case 0:
            return json::array();
        case 1:
            return json::array({value});
        default:
            // None stands for nothing at all; fits() tells what is missing.
            return value.is_array() ? value : json::array({value});
    }
}

/// `member`: "info of nginx". What does not fit is the fault of the script.
CallReply checked(const bus::Method& method, const std::string& member, CallReply reply) {
    if (!reply) return reply;
    json results = results_of(method, *reply);
    if (auto fit = bus::fits(method.out_signature(), results, {member, "result"}); !fit) {
        return error_reply("Invalid", fit.error().message);
    }
    return results;
}

}  // namespace

void Invoker::invoke(CallRequest request, Done done) {
    const bus::Model* model = models_.find(request.model);
    if (model == nullptr) {
        return done(error_reply(
            "Invalid", "cannot call " + request.label() + ": there is no model " + request.model));
    }
    const bus::Method* method = model->find_method(request.method);
    if (method == nullptr) {
        return done(error_reply("Invalid", "cannot call " + request.label() + ": model " +
                                               request.model + " has no method " + request.method));
    }
    if (registry_.find(request.model, request.app) == nullptr) {
        return done(error_reply("Internal",
                                "Unable to find " + request.app + " of model " + request.model));
    }
    const std::string member = request.method + " of " + request.app;
    if (auto fit = bus::fits(method->in_signature(), request.arguments, {member}); !fit) {
        return done(error_reply("Invalid", fit.error().message));
    }
    // The model table may be loaded anew while the script runs.
    const auto finish = [method = *method, member, done = std::move(done)](CallReply reply) {
        done(checked(method, member, std::move(reply)));
    };
    const auto kind = parse_job_kind(request.method);
    if (request.model == service_model && kind) {
        jobs_.submit(*kind, std::move(request), finish);
    } else {
        calls_.run(std::move(request), std::nullopt, finish);
    }
}

}  // namespace comar
