// SPDX-License-Identifier: MIT
#include "core/dependency_names.h"

#include <algorithm>

#include "core/name.h"
#include "core/name_list.h"

namespace comar {
namespace {

void add_once(std::vector<NameId>& names, NameId name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

NameId DependencyNames::add(std::string_view name) {
    std::string safe = bus_safe_name(name);
    const auto [found, is_new] = ids_.try_emplace(safe, NameId{static_cast<std::uint32_t>(size())});
    if (is_new) names_.push_back({std::move(safe), false, {}, {}});
    return found->second;
}

std::optional<NameId> DependencyNames::find(std::string_view name) const {
    const auto found = ids_.find(bus_safe_name(name));
    return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

void DependencyNames::set_app(NameId app, const std::vector<std::string>& provides) {
    remove_app(app);
    at(app).is_app = true;
    for (const std::string& name : provides) {
        const NameId provided = add(name);
        add_once(at(app).provides, provided);
        add_once(at(provided).providers, app);
    }
}

void DependencyNames::remove_app(NameId app) {
    for (const NameId provided : at(app).provides) std::erase(at(provided).providers, app);
    at(app).provides.clear();
    at(app).is_app = false;
}

void DependencyNames::choose(std::string_view virtual_name, std::string_view provider) {
    const NameId name = add(virtual_name);
    if (provider.empty()) {
        choices_.erase(name);
    } else {
        choices_.insert_or_assign(name, add(provider));
    }
}

std::optional<NameId> DependencyNames::app_of(NameId name) const {
    if (is_app(name)) return name;
    if (const auto provider = chosen(name)) return provider;
    const auto& providers = at(name).providers;
    if (providers.size() == 1) return providers.front();
    return only_enabled(providers);
}

Error DependencyNames::why_no_app(NameId name) const {
    const auto& [text, is_app, provides, providers] = at(name);
    if (providers.empty()) {
        return {ErrorKind::not_found, "cannot find " + text + ": no service has or provides it"};
    }
    std::vector<std::string> candidates;
    for (const NameId provider : providers) candidates.push_back(this->text(provider));
    return {ErrorKind::invalid, "cannot tell who is " + text + ": " + name_list(candidates) +
                                    " provide it; choose one in [providers] of comard.toml"};
}

std::vector<NameId> DependencyNames::bearers(NameId name) const {
    if (is_app(name)) return {name};
    std::vector<NameId> all = at(name).providers;
    if (const auto provider = chosen(name)) add_once(all, *provider);
    return all;
}

std::vector<NameId> DependencyNames::names_of(NameId app) const {
    std::vector<NameId> all{app};
    for (const NameId provided : at(app).provides) add_once(all, provided);
    for (const auto& [name, provider] : choices_) {
        if (provider == app) add_once(all, name);
    }
    return all;
}

std::optional<NameId> DependencyNames::chosen(NameId name) const {
    const auto choice = choices_.find(name);
    if (choice == choices_.end() || !is_app(choice->second)) return std::nullopt;
    return choice->second;
}

std::optional<NameId> DependencyNames::only_enabled(const std::vector<NameId>& providers) const {
    std::optional<NameId> only;
    for (const NameId provider : providers) {
        if (!is_enabled_ || !is_enabled_(text(provider))) continue;
        if (only) return std::nullopt;
        only = provider;
    }
    return only;
}

}  // namespace comar
