// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

#include <nlohmann/json.hpp>
#include <systemd/sd-bus.h>

#include "core/result.h"

namespace comar::bus {

/// A value as docs/protocol.md ("Values") encodes it: bytes and dicts are objects with one key.
using Json = nlohmann::json;

/// What a message body may hold to be read. Larger ones are errors of kind invalid.
inline constexpr std::size_t max_body_values = 100'000;
inline constexpr std::size_t max_body_text = std::size_t{1} << 20;  ///< bytes of all strings
/// Containers within each other, variants included, read or written.
inline constexpr int max_value_depth = 32;

/// The arguments of a message as an array. A variant becomes what is in it, `ay` an array of
/// integers. invalid: too large, too deep, or it holds a file descriptor.
Result<Json> read_body(sd_bus_message* message);

/// What a body is called in errors: "cannot convert argument 2 of setEntry: …".
struct BodyName {
    std::string_view member;               ///< "setEntry"
    std::string_view element = "argument"; /**< or "result" */
};

/// Appends `arguments`, an array, as `signature` wants them. Strict: nothing is rounded, parsed or
/// cut. Integers are checked for their range; a bool is not an int. Where the signature has a
/// variant, the type is the one that {"variant": [type, value]} says, or else guessed: bool b, int
/// i (x, t when it does not fit), float d, str s, bytes ay, dict a{sv}, list `a?` when all its
/// elements give the same type, else av; an empty list as. invalid: "cannot convert argument 2[0]
/// of setEntry: got str 'abc', expected int32"; nothing was appended then.
Result<> append_body(sd_bus_message* message, std::string_view signature, const Json& arguments,
                     BodyName name);

/// Whether append_body() would succeed; the same errors.
Result<> fits(std::string_view signature, const Json& arguments, BodyName name);

}  // namespace comar::bus
