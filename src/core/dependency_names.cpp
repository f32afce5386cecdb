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
    if (at(name).providers.empty()) {
        return {ErrorKind::not_found, "cannot find " + text(name) + ": " + lack(name)};
    }
    return {ErrorKind::invalid, "cannot tell who is " + text(name) + ": " + lack(name)};
}

std::string DependencyNames::lack(NameId name) const {
    std::vector<std::string> candidates;
    for (const NameId provider : at(name).providers) candidates.push_back(text(provider));
    const std::string providing = candidates.empty() ? "no service has or provides it"
                                                     : name_list(candidates) + " provide it";
    // There is no answer, so it is not registered.
    if (const auto choice = choices_.find(name); choice != choices_.end()) {
        return providing + ", and " + text(choice->second) +
               ", which is chosen in [providers] of comard.toml, is not registered";
    }
    return candidates.empty() ? providing
                              : providing + "; choose one in [providers] of comard.toml";
}

bool DependencyNames::is_virtual(NameId name) const {
    return !is_app(name) && (!at(name).providers.empty() || choices_.contains(name));
}

std::vector<DependencyNames::DoubtfulChoice> DependencyNames::doubtful_choices() const {
    std::vector<DoubtfulChoice> all;
    for (const auto& [name, provider] : choices_) {
        const auto& provides = at(provider).provides;
        if (!is_app(provider)) {
            all.push_back({name, provider, "is not registered"});
        } else if (name == provider) {
            continue;
        } else if (is_app(name)) {
            all.push_back({name, provider, "is passed over, as there is a service of that name"});
        } else if (std::find(provides.begin(), provides.end(), name) == provides.end()) {
            all.push_back({name, provider, "does not say that it provides it (serviceProvides)"});
        }
    }
    return all;
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
