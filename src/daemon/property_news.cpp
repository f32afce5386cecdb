// SPDX-License-Identifier: MIT
#include "daemon/property_news.h"

#include <utility>

#include "bus/dict.h"
#include "daemon/builtin_interfaces.h"
#include "daemon/object_tree.h"

namespace comar {

using nlohmann::json;

namespace {

constexpr const char* signal_name = "PropertiesChanged";

}  // namespace

void PropertyNews::changed(const std::string& app) {
    if (changed_.empty()) loop_.defer([this] { tell_all(); });
    changed_.insert(app);
}

void PropertyNews::tell_all() {
    const auto apps = std::exchange(changed_, {});
    if (!broadcaster_.has_subscribers(properties_interface().name, signal_name)) {
        return told_.clear();
    }
    for (const std::string& app : apps) tell(app);
}

void PropertyNews::tell(const std::string& app) {
    const json now = read_(app);
    if (now.is_null()) return;
    json& before = told_[app];
    json changed = json::array();
    json invalidated = json::array();
    for (const bus::Property& property : supervision_interface().properties) {
        if (property.emits_change == bus::EmitsChange::invalidates) {
            // Looking takes longer than telling that somebody may look.
            invalidated.push_back(property.name);
        }
        if (property.emits_change != bus::EmitsChange::yes) continue;
        json value = bus::value_of(now, property.name);
        if (before.is_object() && before.value(property.name, json()) == value) continue;
        changed.push_back(json::array({property.name, value}));
        before[property.name] = std::move(value);
    }
    if (changed.empty()) return;
    broadcaster_.send(
        path_of(app), properties_interface().name, signal_name, "sa{sv}as",
        json::array(
            {supervision_interface().name, {{"dict", std::move(changed)}}, std::move(invalidated)}),
        bus::Audience::subscribers);
}

}  // namespace comar
