// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace comar::bus {

/// Before each model's name in the name of its interface.
inline constexpr std::string_view interface_prefix = "tr.org.pardus.comar.";

struct Argument {
    std::string name;
    std::string type;  ///< one complete type
};

struct Method {
    std::string name;
    std::vector<Argument> in;
    std::vector<Argument> out;
    /// The polkit action that guards it. Empty: none is named, so it needs authorization (SPEC 4).
    std::optional<std::string> action = std::nullopt;
    bool open = false;  ///< only reads: needs no authorization; never together with an action

    [[nodiscard]] std::string in_signature() const;
    [[nodiscard]] std::string out_signature() const;
};

struct Signal {
    std::string name;
    std::vector<Argument> arguments;

    [[nodiscard]] std::string signature() const;
};

/// A set of methods and signals that scripts implement and emit.
struct Model {
    std::string name;  ///< "System.Service"
    std::vector<Method> methods;
    std::vector<Signal> signals;

    [[nodiscard]] std::string interface() const;
    /// Null: there is none of that name.
    [[nodiscard]] const Method* find_method(std::string_view method) const;
    [[nodiscard]] const Signal* find_signal(std::string_view signal) const;
};

/// Reads a D-Bus introspection document with one interface `tr.org.pardus.comar.<Model>`. On
/// methods, the annotation `tr.org.pardus.comar.Action` names the polkit action and
/// `tr.org.pardus.comar.Open` = "true" marks one that only reads; other annotations are passed
/// over. `file` is for errors: "cannot load FILE, line 12: …" (without the line where none is
/// known). invalid: broken XML, names, types or duplicates, more than 1 MiB.
Result<Model> parse_model(std::string_view text, std::string_view file);

}  // namespace comar::bus
