// SPDX-License-Identifier: MIT
#include "daemon/registrar.h"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/fault_point.h"
#include "core/name.h"
#include "script/file_and_line.h"

namespace comar {
namespace {

using nlohmann::json;

constexpr std::size_t max_name = 128;

tl::unexpected<CallError> error(const char* name, std::string message) {
    return tl::unexpected(CallError{name, std::move(message)});
}

}  // namespace

json plain_values(const json& value) {
    if (value.is_array()) {
        json list = json::array();
        for (const json& element : value) list.push_back(plain_values(element));
        return list;
    }
    if (!value.is_object()) return value;
    json object = json::object();
    const auto dict = value.find("dict");
    if (value.size() == 1 && dict != value.end() && dict->is_array()) {
        for (const json& pair : *dict) {
            if (pair.is_array() && pair.size() == 2 && pair[0].is_string()) {
                object[pair[0].get<std::string>()] = plain_values(pair[1]);
            }
        }
        return object;
    }
    for (const auto& [key, element] : value.items()) object[key] = plain_values(element);
    return object;
}

namespace {

std::vector<Registrar::Finding> read_findings(const json& list) {
    std::vector<Registrar::Finding> findings;
    for (const json& one : list) {
        findings.push_back({one.value("severity", "") == "error", one.value("line", 0U),
                            one.value("message", "")});
    }
    return findings;
}

json methods_of(const bus::Model& model) {
    json methods = json::object();
    for (const bus::Method& method : model.methods) methods[method.name] = method.in.size();
    return methods;
}

}  // namespace

bool Registrar::Outcome::refused() const {
    return std::any_of(findings.begin(), findings.end(),
                       [](const Finding& finding) { return finding.is_error; });
}

void Registrar::add(const CallRequest& by, const std::string& path, Registered done) {
    if (parts_.models.find(by.model) == nullptr) {
        return done(
            error("Invalid", "cannot register " + by.app + ": there is no model " + by.model));
    }
    if (by.app.empty() || by.app.size() > max_name) {
        return done(
            error("Invalid", "cannot register '" + by.app + "': a name has 1 to 128 characters"));
    }
    if (!path.starts_with('/')) {
        return done(error("Invalid",
                          "cannot register " + by.app + ": " + path + " is not an absolute path"));
    }
    check(by, path, [this, by, path, done = std::move(done)](const CallReply& reply) {
        if (!reply) return done(tl::unexpected(reply.error()));
        if (by.model != service_model) return done(install_checked(by, path, *reply));
        // It is judged beside what the others say now.
        parts_.refresh_settings(
            by.app, [this, by, path, done, reply] { done(install_checked(by, path, *reply)); });
    });
}

void Registrar::check(const CallRequest& by, const std::string& path, Calls::Done done) {
    const bus::Model* model = parts_.models.find(by.model);
    json message{{"op", "check"},
                 {"file", path},
                 {"name", path},
                 {"app", by.app},
                 {"model", by.model},
                 {"types", {"local", "server", "script"}},
                 {"methods", methods_of(*model)}};
    CallRequest request = by;
    request.method = "check";
    parts_.calls.converse(std::move(request), std::move(message), {}, std::move(done));
}

/// What the checks say comes from the process that has read the script: not to be relied on.
tl::expected<Registrar::Outcome, CallError> Registrar::install_checked(const CallRequest& by,
                                                                       const std::string& path,
                                                                       const json& checked) {
    try {
        return install(by, path, plain_values(checked));
    } catch (const json::exception& wrong) {
        return error("Internal", "cannot register " + by.app + ": " + wrong.what());
    }
}

tl::expected<Registrar::Outcome, CallError> Registrar::install(const CallRequest& by,
                                                               const std::string& path,
                                                               const json& checked) {
    Outcome outcome{read_findings(checked.at("findings")), checked.value("diff", "")};
    if (outcome.refused()) return outcome;
    auto facts = parse_facts(checked.at("facts"));
    if (!facts) return error("Internal", facts.error().message);
    if (by.model == service_model) {
        for (Finding& finding : parts_.judge(by.app, *facts, path)) {
            outcome.findings.push_back(std::move(finding));
        }
        if (outcome.refused()) return outcome;
    }
    const std::string text = checked.at("text").get<std::string>();
    fault_point("register", "checked");
    const Version version = version_of(by, text);
    if (auto installed = parts_.registry.install(by.model, by.app, text, *facts); !installed) {
        return error("Internal",
                     std::move(installed.error()).while_trying("register " + by.app).message);
    }
    fault_point("register", "installed");
    if (version == Version::first && by.model == service_model) apply_default(by.app, *facts);
    spdlog::info("registered {} of model {}", by.app, by.model);
    parts_.added(by.app, by.model, version);
    return outcome;
}

Registrar::Version Registrar::version_of(const CallRequest& by, const std::string& text) const {
    if (parts_.registry.find(by.model, by.app) == nullptr) return Version::first;
    return parts_.registry.has_text(by.model, by.app, text) ? Version::same : Version::another;
}

/// serviceDefault counts where nobody has chosen yet (SPEC 1).
void Registrar::apply_default(const std::string& app, const Facts& facts) {
    if (!facts.default_state || parts_.start_up.chosen(app)) return;
    if (auto set = parts_.start_up.set(app, *facts.default_state); !set) {
        spdlog::warn("{}: {}", app, set.error().message);
    }
}

void Registrar::remove(const CallRequest& by, Removed done) {
    if (parts_.registry.models_of(by.app).empty()) {
        return done(error("Internal", "Unable to find " + by.app));
    }
    stop_if_running(by, [this, app = by.app, done = std::move(done)](CallReply stopped) {
        if (!stopped) {
            return done(error("Internal", "cannot remove " + app +
                                              ": it does not stop: " + stopped.error().message));
        }
        done(remove_now(app));
    });
}

void Registrar::stop_if_running(const CallRequest& by, Removed then) {
    const Service* service = parts_.services.find(by.app);
    const Script* script = parts_.registry.find(service_model, by.app);
    if (service == nullptr || script == nullptr) return then(json());
    const auto stop = [this, by, then] { parts_.jobs.submit(JobKind::stop, by, then); };
    const auto running = service->running();
    if (running.value_or(false) || parts_.jobs.busy(by.app)) return stop();
    if (running || !script->facts.defines("status")) return then(json());
    // comar has not touched it, but it may run all the same.
    CallRequest status = by;
    status.model = service_model;
    status.method = "status";
    parts_.calls.run(std::move(status), std::nullopt, [stop, then](const CallReply& reply) {
        if (reply && *reply == json(true)) return stop();
        then(json());
    });
}

CallReply Registrar::remove_now(const std::string& app) {
    const auto models = parts_.registry.models_of(app);
    for (const std::string& model : models) {
        if (auto removed = parts_.registry.remove(model, app); !removed) {
            return error("Internal", removed.error().message);
        }
    }
    parts_.services.forget(app);
    parts_.outputs.close(app);
    if (auto cleared = parts_.start_up.clear(app); !cleared) {
        spdlog::warn("{}: {}", app, cleared.error().message);
    }
    spdlog::info("removed {}", app);
    parts_.removed(app, models);
    return json();
}

void Registrar::look_again(const CallRequest& by, Calls::Done done) {
    const Script* script = parts_.registry.find(service_model, by.app);
    if (script == nullptr) return done(error("Internal", "Unable to find " + by.app));
    CallRequest request = by;
    request.model = service_model;
    check(
        request, script->path,
        [this, app = by.app, path = script->path, done = std::move(done)](const CallReply& reply) {
            if (!reply) return done(reply);
            done(learn_edited(app, path, plain_values(*reply)));
        });
}

/// Not registered again: it is the file itself that was edited. One with errors keeps the facts of
/// the one before.
CallReply Registrar::learn_edited(const std::string& app, const std::string& path,
                                  const json& checked) {
    try {
        for (const Finding& finding : read_findings(checked.at("findings"))) {
            if (!finding.is_error) continue;
            return error("Invalid", "cannot use the script of " + app + " as it was edited: " +
                                        file_and_line(path, finding.line) + ": " + finding.message);
        }
        auto facts = parse_facts(checked.at("facts"));
        if (!facts) return error("Internal", facts.error().message);
        if (auto learned = parts_.registry.learn(service_model, app, std::move(*facts)); !learned) {
            return error("Internal", learned.error().message);
        }
    } catch (const json::exception& wrong) {
        return error("Internal", "cannot check " + path + ": " + wrong.what());
    }
    spdlog::info("{}: its script was edited, and is used as it is now", app);
    parts_.added(app, service_model, Version::another);
    return json();
}

void Registrar::learn_missing() {
    for (const std::string& app : parts_.registry.apps()) {
        for (const std::string& model : parts_.registry.models_of(app)) {
            const Script& script = *parts_.registry.find(model, app);
            if (script.facts_known || parts_.models.find(model) == nullptr) continue;
            CallRequest by;
            by.app = app;
            by.model = model;
            check(by, script.path, [this, app, model](const CallReply& reply) {
                if (!reply) return;
                const json checked = plain_values(*reply);
                if (!checked.is_object()) return;
                const auto facts = parse_facts(checked.value("facts", json()));
                if (!facts || !parts_.registry.learn(model, app, *facts)) return;
                parts_.added(app, model, Version::same);
            });
        }
    }
}

}  // namespace comar
