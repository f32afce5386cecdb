// SPDX-License-Identifier: MIT
#include "bus/model.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "bus/signature.h"
#include "bus/text.h"

namespace comar::bus {
namespace {

constexpr std::size_t max_size = std::size_t{1} << 20;
constexpr std::size_t max_signature = 255;
constexpr std::string_view action_annotation = "tr.org.pardus.comar.Action";
constexpr std::string_view open_annotation = "tr.org.pardus.comar.Open";

std::string joined_types(const std::vector<Argument>& arguments) {
    std::string signature;
    for (const auto& argument : arguments) signature += argument.type;
    return signature;
}

template <class Member>
const Member* find_in(const std::vector<Member>& members, std::string_view name) {
    for (const auto& member : members)
        if (member.name == name) return &member;
    return nullptr;
}

/// The form of polkit's action ids.
bool is_action(std::string_view text) {
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
    return !text.empty() && text.size() <= 255 &&
           text.find_first_not_of(allowed) == std::string_view::npos;
}

/// Reads one document. Elements with a prefix, such as `doc:doc`, are passed over everywhere.
class ModelReader {
public:
    ModelReader(std::string_view text, std::string_view file) : text_(text), file_(file) {}

    Result<Model> read();

private:
    Result<Model> read_interface(const pugi::xml_node& interface);
    Result<> read_member(const pugi::xml_node& member, Model& model);
    Result<> read_method(const pugi::xml_node& element, Model& model);
    Result<> read_signal(const pugi::xml_node& element, Model& model);
    Result<> read_method_part(const pugi::xml_node& part, Method& method);
    Result<> read_annotation(const pugi::xml_node& annotation, Method& method);
    Result<Argument> read_argument(const pugi::xml_node& element);
    Result<> check_method(const pugi::xml_node& element, const Method& method, const Model& model);
    Result<> check_length(const pugi::xml_node& element, const std::string& signature);
    /// The only element child of that name.
    Result<pugi::xml_node> only_child(const pugi::xml_node& parent, const char* name);

    [[nodiscard]] Failure cannot_load(std::ptrdiff_t offset, std::string_view reason) const;
    [[nodiscard]] Failure cannot_load(const pugi::xml_node& node, std::string_view reason) const {
        return cannot_load(node.offset_debug(), reason);
    }

    std::string_view text_;
    std::string_view file_;
};

std::string_view name_of(const pugi::xml_node& element) {
    return element.attribute("name").as_string();
}

bool is_foreign(const pugi::xml_node& node) {
    return node.type() != pugi::node_element ||
           std::string_view(node.name()).find(':') != std::string_view::npos;
}

Failure ModelReader::cannot_load(std::ptrdiff_t offset, std::string_view reason) const {
    if (offset < 0)
        return failure(ErrorKind::invalid, fmt::format("cannot load {}: {}", file_, reason));
    const auto before = text_.substr(0, static_cast<std::size_t>(offset));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    return failure(ErrorKind::invalid,
                   fmt::format("cannot load {}, line {}: {}", file_, line, reason));
}

Result<Model> ModelReader::read() {
    if (text_.size() > max_size) return cannot_load(-1, "larger than 1 MiB");
    pugi::xml_document document;
    const auto parsed =
        document.load_buffer(text_.data(), text_.size(), pugi::parse_default, pugi::encoding_utf8);
    if (!parsed) return cannot_load(parsed.offset, parsed.description());
    auto node = only_child(document, "node");
    if (!node) return Failure(node.error());
    auto interface = only_child(*node, "interface");
    if (!interface) return Failure(interface.error());
    return read_interface(*interface);
}

Result<pugi::xml_node> ModelReader::only_child(const pugi::xml_node& parent, const char* name) {
    pugi::xml_node found;
    for (const auto& child : parent.children()) {
        if (is_foreign(child)) continue;
        if (found || std::string_view(child.name()) != name)
            return cannot_load(child, fmt::format("<{}> has no place here; a model is one <node> "
                                                  "with one <interface>",
                                                  to_bus_text(child.name(), 40)));
        found = child;
    }
    if (!found) return cannot_load(parent, fmt::format("there is no <{}>", name));
    return found;
}

Result<Model> ModelReader::read_interface(const pugi::xml_node& interface) {
    const auto name = name_of(interface);
    if (!name.starts_with(interface_prefix) || !is_interface_name(name))
        return cannot_load(interface,
                           fmt::format("the name of the interface '{}' is not {} and a model name",
                                       to_bus_text(name, 255), interface_prefix));
    Model model;
    model.name = name.substr(interface_prefix.size());
    for (const auto& member : interface.children()) {
        if (is_foreign(member)) continue;
        if (auto read = read_member(member, model); !read) return Failure(read.error());
    }
    return model;
}

Result<> ModelReader::read_member(const pugi::xml_node& member, Model& model) {
    const std::string_view element = member.name();
    if (element == "annotation") return {};
    if (element != "method" && element != "signal")
        return cannot_load(member,
                           fmt::format("<{}> has no place in a model", to_bus_text(element, 40)));
    if (!is_member_name(name_of(member)))
        return cannot_load(member, fmt::format("'{}' cannot be the name of a {}",
                                               to_bus_text(name_of(member), 255), element));
    return element == "method" ? read_method(member, model) : read_signal(member, model);
}

Result<> ModelReader::read_method(const pugi::xml_node& element, Model& model) {
    Method method;
    method.name = name_of(element);
    for (const auto& part : element.children()) {
        if (is_foreign(part)) continue;
        if (auto read = read_method_part(part, method); !read) return read;
    }
    if (auto checked = check_method(element, method, model); !checked) return checked;
    model.methods.push_back(std::move(method));
    return {};
}

Result<> ModelReader::check_method(const pugi::xml_node& element, const Method& method,
                                   const Model& model) {
    if (model.find_method(method.name) != nullptr)
        return cannot_load(element, fmt::format("the method '{}' is there twice", method.name));
    if (method.open && method.action)
        return cannot_load(element,
                           fmt::format("the method '{}' is open and has an action", method.name));
    if (auto checked = check_length(element, method.in_signature()); !checked) return checked;
    return check_length(element, method.out_signature());
}

Result<> ModelReader::check_length(const pugi::xml_node& element, const std::string& signature) {
    if (signature.size() <= max_signature) return {};
    return cannot_load(element, fmt::format("'{}' has more arguments than a signature can hold",
                                            name_of(element)));
}

Result<> ModelReader::read_method_part(const pugi::xml_node& part, Method& method) {
    const std::string_view element = part.name();
    if (element == "annotation") return read_annotation(part, method);
    if (element != "arg")
        return cannot_load(part,
                           fmt::format("<{}> has no place in a method", to_bus_text(element, 40)));
    auto argument = read_argument(part);
    if (!argument) return Failure(argument.error());
    const std::string_view direction = part.attribute("direction").as_string("in");
    if (direction != "in" && direction != "out")
        return cannot_load(part, "the direction of an argument is 'in' or 'out'");
    (direction == "in" ? method.in : method.out).push_back(std::move(*argument));
    return {};
}

Result<> ModelReader::read_annotation(const pugi::xml_node& annotation, Method& method) {
    const auto name = name_of(annotation);
    const std::string_view value = annotation.attribute("value").as_string();
    if (name == action_annotation) {
        if (!is_action(value) || method.action)
            return cannot_load(annotation,
                               fmt::format("'{}' of '{}' is not the one id of a polkit action",
                                           action_annotation, method.name));
        method.action = value;
    } else if (name == open_annotation) {
        if (value != "true" && value != "false")
            return cannot_load(annotation, fmt::format("'{}' of '{}' is 'true' or 'false'",
                                                       open_annotation, method.name));
        method.open = value == "true";
    }
    return {};
}

Result<> ModelReader::read_signal(const pugi::xml_node& element, Model& model) {
    Signal signal;
    signal.name = name_of(element);
    for (const auto& part : element.children()) {
        const std::string_view kind = part.name();
        if (is_foreign(part) || kind == "annotation") continue;
        if (kind != "arg" ||
            std::string_view(part.attribute("direction").as_string("out")) != "out")
            return cannot_load(part, "a signal has arguments of direction 'out' and nothing else");
        auto argument = read_argument(part);
        if (!argument) return Failure(argument.error());
        signal.arguments.push_back(std::move(*argument));
    }
    if (model.find_signal(signal.name) != nullptr)
        return cannot_load(element, fmt::format("the signal '{}' is there twice", signal.name));
    if (auto checked = check_length(element, signal.signature()); !checked) return checked;
    model.signals.push_back(std::move(signal));
    return {};
}

Result<Argument> ModelReader::read_argument(const pugi::xml_node& element) {
    const auto name = name_of(element);
    const std::string_view type = element.attribute("type").as_string();
    if (!name.empty() && !is_member_name(name))
        return cannot_load(
            element, fmt::format("'{}' cannot be the name of an argument", to_bus_text(name, 255)));
    if (!is_single_type(type))
        return cannot_load(element,
                           fmt::format("'{}' is not one D-Bus type", to_bus_text(type, 255)));
    if (type.find('h') != std::string_view::npos)
        return cannot_load(element, "comar does not pass file descriptors");
    return Argument{std::string(name), std::string(type)};
}

}  // namespace

std::string Method::in_signature() const { return joined_types(in); }
std::string Method::out_signature() const { return joined_types(out); }
std::string Signal::signature() const { return joined_types(arguments); }

std::string Model::interface() const { return std::string(interface_prefix) + name; }

const Method* Model::find_method(std::string_view method) const { return find_in(methods, method); }

const Signal* Model::find_signal(std::string_view signal) const { return find_in(signals, signal); }

Result<Model> parse_model(std::string_view text, std::string_view file) {
    return ModelReader(text, file).read();
}

}  // namespace comar::bus
