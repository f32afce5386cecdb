// SPDX-License-Identifier: MIT
#include "bus/introspection.h"

#include <array>

#include <fmt/format.h>

namespace comar::bus {
namespace {

constexpr std::string_view header =
    "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
    " \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n"
    "<node>\n";

/// Names and types are checked before they come here; this is for what slips through.
std::string escaped(std::string_view text) {
    std::string result;
    for (const char character : text) {
        switch (character) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '"':
                result += "&quot;";
                break;
            default:
                result += character;
        }
    }
    return result;
}

void append_argument(std::string& xml, const Argument& argument, std::string_view direction) {
    xml += "   <arg";
    if (!argument.name.empty()) xml += fmt::format(" name=\"{}\"", escaped(argument.name));
    xml += fmt::format(" type=\"{}\"", escaped(argument.type));
    if (!direction.empty()) xml += fmt::format(" direction=\"{}\"", direction);
    xml += "/>\n";
}

void append_annotation(std::string& xml, std::string_view name, std::string_view value) {
    xml += fmt::format("   <annotation name=\"{}\" value=\"{}\"/>\n", name, escaped(value));
}

void append_method(std::string& xml, const Method& method) {
    xml += fmt::format("  <method name=\"{}\">\n", escaped(method.name));
    for (const auto& argument : method.in) append_argument(xml, argument, "in");
    for (const auto& argument : method.out) append_argument(xml, argument, "out");
    if (method.action) append_annotation(xml, "tr.org.pardus.comar.Action", *method.action);
    if (method.open) append_annotation(xml, "tr.org.pardus.comar.Open", "true");
    xml += "  </method>\n";
}

void append_signal(std::string& xml, const Signal& signal) {
    xml += fmt::format("  <signal name=\"{}\">\n", escaped(signal.name));
    for (const auto& argument : signal.arguments) append_argument(xml, argument, "");
    xml += "  </signal>\n";
}

std::string_view name_of(Access access) {
    switch (access) {
        case Access::write:
            return "write";
        case Access::read_write:
            return "readwrite";
        default:
            return "read";
    }
}

std::string_view name_of(EmitsChange emits) {
    switch (emits) {
        case EmitsChange::invalidates:
            return "invalidates";
        case EmitsChange::constant:
            return "const";
        case EmitsChange::no:
            return "false";
        default:
            return "true";
    }
}

void append_property(std::string& xml, const Property& property) {
    xml += fmt::format("  <property name=\"{}\" type=\"{}\" access=\"{}\">\n",
                       escaped(property.name), escaped(property.type), name_of(property.access));
    append_annotation(xml, "org.freedesktop.DBus.Property.EmitsChangedSignal",
                      name_of(property.emits_change));
    xml += "  </property>\n";
}

/// What every object of D-Bus has.
const std::string& standard_interfaces() {
    static const std::string xml =
        interface_xml(Interface{
            .name = "org.freedesktop.DBus.Peer",
            .methods = {{.name = "Ping", .in = {}, .out = {}},
                        {.name = "GetMachineId", .in = {}, .out = {{"machine_uuid", "s"}}}},
            .signals = {},
            .properties = {}}) +
        interface_xml(
            Interface{.name = "org.freedesktop.DBus.Introspectable",
                      .methods = {{.name = "Introspect", .in = {}, .out = {{"xml_data", "s"}}}},
                      .signals = {},
                      .properties = {}}) +
        interface_xml(Interface{
            .name = "org.freedesktop.DBus.Properties",
            .methods = {{.name = "Get",
                         .in = {{"interface_name", "s"}, {"property_name", "s"}},
                         .out = {{"value", "v"}}},
                        {.name = "GetAll",
                         .in = {{"interface_name", "s"}},
                         .out = {{"props", "a{sv}"}}},
                        {.name = "Set",
                         .in = {{"interface_name", "s"}, {"property_name", "s"}, {"value", "v"}},
                         .out = {}}},
            .signals = {{.name = "PropertiesChanged",
                         .arguments = {{"interface_name", "s"},
                                       {"changed_properties", "a{sv}"},
                                       {"invalidated_properties", "as"}}}},
            .properties = {}});
    return xml;
}

}  // namespace

std::string interface_xml(const Interface& interface) {
    std::string xml = fmt::format(" <interface name=\"{}\">\n", escaped(interface.name));
    for (const auto& method : interface.methods) append_method(xml, method);
    for (const auto& signal : interface.signals) append_signal(xml, signal);
    for (const auto& property : interface.properties) append_property(xml, property);
    return xml + " </interface>\n";
}

std::string interface_xml(const Model& model) {
    return interface_xml(Interface{.name = model.interface(),
                                   .methods = model.methods,
                                   .signals = model.signals,
                                   .properties = {}});
}

std::string introspection_xml(const std::vector<std::string_view>& interfaces,
                              const std::vector<std::string>& children) {
    std::string xml(header);
    xml += standard_interfaces();
    for (const auto& interface : interfaces) xml += interface;
    for (const auto& child : children) xml += fmt::format(" <node name=\"{}\"/>\n", escaped(child));
    return xml + "</node>\n";
}

}  // namespace comar::bus
