// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bus/model.h"

namespace comar::bus {

enum class Access { read, write, read_write };

/// Whether and how PropertiesChanged tells of a new value: the annotation
/// org.freedesktop.DBus.Property.EmitsChangedSignal.
enum class EmitsChange { yes, invalidates, constant, no };

struct Property {
    std::string name;
    std::string type;  ///< one complete type
    Access access = Access::read;
    EmitsChange emits_change = EmitsChange::yes;
};

/// An interface that comard implements itself.
struct Interface {
    std::string name;
    std::vector<Method> methods;
    std::vector<Signal> signals;
    std::vector<Property> properties;
};

/// `<interface>…</interface>`, to be kept and put into documents.
[[nodiscard]] std::string interface_xml(const Interface& interface);
[[nodiscard]] std::string interface_xml(const Model& model);

/// What Introspect answers: Introspectable, Peer, Properties, the interfaces (each from
/// interface_xml()) and the names of child nodes.
[[nodiscard]] std::string introspection_xml(const std::vector<std::string_view>& interfaces,
                                            const std::vector<std::string>& children);

}  // namespace comar::bus
