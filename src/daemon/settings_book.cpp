// SPDX-License-Identifier: MIT
#include "daemon/settings_book.h"

#include <filesystem>
#include <memory>
#include <utility>

#include <sys/stat.h>

#include "core/name.h"
#include "daemon/invoker.h"
#include "os/file_stamp.h"
#include "script/file_and_line.h"

namespace comar {
namespace {

using nlohmann::json;

CallReply refusal(const std::string& app, const std::string& why) {
    return error_reply("Invalid", "cannot use the settings of " + app + ": " + why);
}

/// Why a probe cannot be asked with that script, after the name of its setting; empty: it can.
std::string why_not_asked(const json& probe, const Script& script) {
    const std::string kind = probe.is_object() ? probe.value("kind", "") : "";
    if (kind == "pidfile" && !script.facts.defines("status")) {
        return "is \"pidfile\", which asks status(), and " + script.path +
               " has none: add def status(): return isServiceRunning(PIDFILE)";
    }
    const std::string name = kind == "function" ? probe.value("name", "") : "";
    if (name.empty() || script.facts.may_have_function(name)) return "";
    return "is \"function:" + name + "\", and " + script.path +
           " has no such function that needs no arguments: add def " + name +
           "():, or name another one";
}

/// Empty: there is no such file.
std::string stamp_of_file(const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) return "";
    return file_stamp(info);
}

}  // namespace

void SettingsBook::refresh(const CallRequest& by, Done done) {
    const Script* script = registry_.find(service_model, by.app);
    if (script == nullptr || (script->facts_known && !Registry::is_edited(*script))) {
        return refresh_overrides(by, done);
    }
    registrar_.look_again(by, [this, by, done = std::move(done)](CallReply reply) {
        if (!reply) return done(std::move(reply));
        refresh_overrides(by, done);
    });
}

void SettingsBook::refresh_all(std::function<void(const Unusable&)> then) {
    const auto all = registry_.apps_of(service_model);
    refresh_each({all.begin(), all.end()}, std::move(then));
}

void SettingsBook::refresh_changed(const std::string& new_app, std::function<void()> then) {
    const auto changes = changes_.take();
    std::set<std::string> apps;
    if (!new_app.empty()) apps.insert(new_app);
    if (changes.all) {
        for (const std::string& app : registry_.apps_of(service_model)) apps.insert(app);
    }
    for (const std::string& name : changes.names) {
        const std::string app = std::filesystem::path(name).stem();
        if (registry_.find(service_model, app) != nullptr) apps.insert(app);
    }
    refresh_each(apps, [then = std::move(then)](const Unusable&) { then(); });
}

void SettingsBook::refresh_each(const std::set<std::string>& apps,
                                std::function<void(const Unusable&)> then) {
    const auto left = std::make_shared<std::size_t>(1);
    const auto unusable = std::make_shared<Unusable>();
    const auto one_less = [left, unusable, then = std::move(then)] {
        if (--*left == 0) then(*unusable);
    };
    for (const std::string& app : apps) {
        CallRequest by;
        by.app = app;
        by.model = service_model;
        ++*left;
        refresh(by, [app, unusable, one_less](const CallReply& fresh) {
            if (!fresh) unusable->emplace(app, fresh.error());
            one_less();
        });
    }
    one_less();
}

void SettingsBook::refresh_overrides(const CallRequest& by, const Done& done) {
    const std::string path = path_of(by.app);
    const std::string stamp = stamp_of_file(path);
    if (stamp == known_stamp(by.app)) {
        // The script may be another one by now.
        const auto known = overrides_.find(by.app);
        return done(known == overrides_.end() ? json() : fits_script(by.app, known->second));
    }
    if (stamp.empty()) {
        overrides_.erase(by.app);
        if (changed_) changed_(by.app);
        return done(json());
    }
    CallRequest request = by;
    request.model = service_model;
    request.method = "settings";
    calls_.converse(std::move(request), {{"op", "settings"}, {"path", path}}, {},
                    [this, app = by.app, stamp, done](const CallReply& reply) {
                        done(learn(app, stamp, reply));
                    });
}

/// What is wrong keeps the service down: it would run as nobody wants it.
CallReply SettingsBook::learn(const std::string& app, const std::string& stamp,
                              const CallReply& reply) {
    if (!reply) return reply;
    try {
        const json said = plain_values(*reply);
        for (const json& error : said.at("errors")) {
            return refusal(app, file_and_line(path_of(app), error.value("line", 0)) + ": " +
                                    error.at("message").get<std::string>());
        }
        Overrides overrides{stamp, said.at("settings"), said.value("lines", json::object())};
        if (auto parsed = parse_service_settings(overrides.values); !parsed) {
            return refusal(app, path_of(app) + ": " + parsed.error().message);
        }
        if (auto fits = fits_script(app, overrides); !fits) return fits;
        overrides_[app] = std::move(overrides);
        if (changed_) changed_(app);
        return json();
    } catch (const json::exception& wrong) {
        return refusal(app, path_of(app) + ": " + wrong.what());
    }
}

/// Whether the script has what an administrator's settings name.
CallReply SettingsBook::fits_script(const std::string& app, const Overrides& overrides) const {
    const Script* script = registry_.find(service_model, app);
    if (script == nullptr || !script->facts_known) return json();
    const json& values = overrides.values;
    const std::map<std::string, json> probes = {
        {"readiness", values.value("readiness", json())},
        {"health", values.value("health", json::object()).value("check", json())}};
    for (const auto& [key, probe] : probes) {
        const std::string why = why_not_asked(probe, *script);
        if (why.empty()) continue;
        const std::string name = key == "health" ? "health: check" : key;
        return refusal(app, file_and_line(path_of(app), overrides.lines.value(key, 0)) + ": " +
                                name + " " + why);
    }
    return json();
}

EffectiveSettings SettingsBook::settings_of(const std::string& app) const {
    const Script* script = registry_.find(service_model, app);
    return script == nullptr ? settings_with(app, Facts(), "")
                             : settings_with(app, script->facts, script->path);
}

EffectiveSettings SettingsBook::settings_with(const std::string& app, const Facts& facts,
                                              const std::string& path) const {
    EffectiveSettings effective;
    for (const auto& [key, value] : facts.settings.items()) {
        effective.values[key] = value;
        const auto line = facts.setting_lines.find(key);
        effective.origins[key] =
            file_and_line(path, line == facts.setting_lines.end() ? 0 : line->second);
    }
    if (const auto found = overrides_.find(app); found != overrides_.end()) {
        for (const auto& [key, value] : found->second.values.items()) {
            effective.values[key] = value;
            const int line = found->second.lines.value(key, 0);
            effective.origins[key] = file_and_line(path_of(app), line);
        }
    }
    // Each part was parsed when it was learned.
    if (auto parsed = parse_service_settings(effective.values)) effective.supervision = *parsed;
    return effective;
}

std::map<std::string, std::string> SettingsBook::files_of_nobody() const {
    std::map<std::string, std::string> files;
    std::error_code error;
    for (std::filesystem::directory_iterator each(folder_, error), end; !error && each != end;
         each.increment(error)) {
        const std::string name = each->path().stem();
        const bool counts = registry_.find(service_model, name) != nullptr;
        if (each->path().extension() != ".toml" || counts) continue;
        const std::string meant = bus_safe_name(name);
        const bool is_misspelt = meant != name && registry_.find(service_model, meant) != nullptr;
        files[name] = each->path().string() + " counts for nobody: " +
                      (is_misspelt ? "the file of that service is " + meant + ".toml"
                                   : "no service " + name + " is registered");
    }
    return files;
}

bool SettingsBook::is_outdated(const std::string& app) const {
    return stamp_of_file(path_of(app)) != known_stamp(app);
}

std::string SettingsBook::known_stamp(const std::string& app) const {
    const auto known = overrides_.find(app);
    return known == overrides_.end() ? "" : known->second.stamp;
}

const Facts* SettingsBook::facts_of(const std::string& app) const {
    const Script* script = registry_.find(service_model, app);
    return script != nullptr && script->facts_known ? &script->facts : nullptr;
}

std::string SettingsBook::stamp_of(const std::string& app) const {
    const Script* script = registry_.find(service_model, app);
    return (script == nullptr ? "" : stamp_of_file(script->path)) + " " +
           stamp_of_file(path_of(app));
}

}  // namespace comar
