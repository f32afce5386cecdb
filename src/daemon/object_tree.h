// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/introspection.h"
#include "bus/model_table.h"
#include "script/registry.h"

namespace comar {

inline constexpr std::string_view package_folder = "/package";

/// The object of an app: "/package/nginx".
[[nodiscard]] std::string path_of(std::string_view app);
/// The app behind "/package/nginx"; empty for other paths.
[[nodiscard]] std::string app_of(std::string_view path);

/// Which objects there are, and what each can do: `/`, `/package`, and one for each app with the
/// models that it is registered for.
class ObjectTree {
public:
    /// Both outlive the tree.
    ObjectTree(const bus::ModelTable& models, const Registry& registry)
        : models_(models), registry_(registry) {}

    struct Found {
        std::string interface;
        bus::Method method;
    };

    [[nodiscard]] bool exists(std::string_view path) const;

    /// A message may leave the interface out; the first one that has the member is meant then.
    [[nodiscard]] std::optional<Found> find_method(std::string_view path,
                                                   std::string_view interface,
                                                   std::string_view member) const;

    /// Those that comard itself implements there.
    [[nodiscard]] std::vector<const bus::Interface*> own_interfaces(std::string_view path) const;
    /// The models that scripts implement there.
    [[nodiscard]] std::vector<const bus::Model*> models(std::string_view path) const;

    [[nodiscard]] std::string introspect(std::string_view path) const;

private:
    const bus::ModelTable& models_;
    const Registry& registry_;
};

}  // namespace comar
