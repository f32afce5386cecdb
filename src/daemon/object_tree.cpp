// SPDX-License-Identifier: MIT
#include "daemon/object_tree.h"

#include <algorithm>

#include "daemon/builtin_interfaces.h"
#include "daemon/invoker.h"

namespace comar {
namespace {

constexpr std::string_view package_prefix = "/package/";

const bus::Method* find_in(const bus::Interface& interface, std::string_view member) {
    const auto found = std::find_if(interface.methods.begin(), interface.methods.end(),
                                    [&](const bus::Method& one) { return one.name == member; });
    return found == interface.methods.end() ? nullptr : &*found;
}

}  // namespace

std::string path_of(std::string_view app) { return std::string(package_prefix).append(app); }

std::string app_of(std::string_view path) {
    if (!path.starts_with(package_prefix)) return "";
    return std::string(path.substr(package_prefix.size()));
}

bool ObjectTree::exists(std::string_view path) const {
    if (path == "/" || path == package_folder) return true;
    const std::string app = app_of(path);
    return !app.empty() && !registry_.models_of(app).empty();
}

std::optional<ObjectTree::Found> ObjectTree::find_method(std::string_view path,
                                                         std::string_view interface,
                                                         std::string_view member) const {
    if (!exists(path)) return std::nullopt;
    for (const bus::Interface* one : own_interfaces(path)) {
        if (!interface.empty() && one->name != interface) continue;
        if (const bus::Method* method = find_in(*one, member)) return Found{one->name, *method};
    }
    for (const bus::Model* model : models(path)) {
        if (!interface.empty() && model->interface() != interface) continue;
        if (const bus::Method* method = model->find_method(member)) {
            return Found{model->interface(), *method};
        }
    }
    return std::nullopt;
}

std::vector<const bus::Interface*> ObjectTree::own_interfaces(std::string_view path) const {
    std::vector<const bus::Interface*> interfaces{&introspectable_interface(),
                                                  &properties_interface()};
    const bool is_folder = path == "/" || path == package_folder;
    if (is_folder) interfaces.push_back(&object_manager_interface());
    if (path == "/") {
        interfaces.push_back(&core_interface());
        interfaces.push_back(&manager_interface());
    }
    if (registry_.find(service_model, app_of(path)) != nullptr) {
        interfaces.push_back(&supervision_interface());
    }
    return interfaces;
}

std::vector<const bus::Model*> ObjectTree::models(std::string_view path) const {
    std::vector<const bus::Model*> found;
    const std::string app = app_of(path);
    if (app.empty()) return found;
    for (const std::string& name : registry_.models_of(app)) {
        if (const bus::Model* model = models_.find(name)) found.push_back(model);
    }
    return found;
}

std::string ObjectTree::introspect(std::string_view path) const {
    std::vector<std::string> fragments;
    for (const bus::Interface* one : own_interfaces(path)) {
        // Every object has the others, and the document says so by itself.
        const bool is_everywhere =
            one == &introspectable_interface() || one == &properties_interface();
        if (!is_everywhere) fragments.push_back(bus::interface_xml(*one));
    }
    for (const bus::Model* model : models(path)) fragments.push_back(bus::interface_xml(*model));
    std::vector<std::string> children;
    if (path == "/") children.emplace_back(package_folder.substr(1));
    if (path == package_folder) children = registry_.apps();
    const std::vector<std::string_view> views(fragments.begin(), fragments.end());
    return bus::introspection_xml(views, children);
}

}  // namespace comar
