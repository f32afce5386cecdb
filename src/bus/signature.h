// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace comar::bus {

/// Splits a D-Bus signature into its complete types: "sa{sv}i" into "s", "a{sv}", "i".
/// invalid: what the D-Bus specification ("Valid Signatures") does not allow: unknown types, more
/// than 255 characters, arrays or structs nested deeper than 32, empty structs, a dict entry
/// outside an array or with a container as its key.
Result<std::vector<std::string>> split_signature(std::string_view signature);

[[nodiscard]] bool is_signature(std::string_view text);
/// Whether it is exactly one complete type.
[[nodiscard]] bool is_single_type(std::string_view text);

/// How many characters the complete type at the beginning takes; the signature is a valid one.
[[nodiscard]] std::size_t length_of_first_type(std::string_view signature);

/// What a complete type is called towards people: "int32", "array of string",
/// "dict of string to variant", "struct of (string, boolean)".
[[nodiscard]] std::string describe_type(std::string_view type);

}  // namespace comar::bus
