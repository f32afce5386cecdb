// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bus/base64.h"
#include "bus/signature.h"
#include "bus/text.h"
#include "bus/value.h"

namespace comar::bus {
namespace {

// ---- what the JSON of docs/protocol.md stands for

/// The one value of {"dict": …}, {"bytes": …} or {"float": …}; null: it is no such object.
const Json* tagged(const Json& value, const char* tag) {
    if (!value.is_object() || value.size() != 1) return nullptr;
    const auto found = value.find(tag);
    return found == value.end() ? nullptr : &*found;
}

bool is_pair(const Json& value) { return value.is_array() && value.size() == 2; }

/// The [key, value] pairs of a dict.
const Json* dict_of(const Json& value) {
    const auto* pairs = tagged(value, "dict");
    if (pairs == nullptr || !pairs->is_array()) return nullptr;
    return std::all_of(pairs->begin(), pairs->end(), is_pair) ? pairs : nullptr;
}

std::optional<std::string> bytes_of(const Json& value) {
    const auto* text = tagged(value, "bytes");
    if (text == nullptr || !text->is_string()) return std::nullopt;
    return decode_base64(text->get_ref<const std::string&>());
}

std::optional<double> special_float_of(const Json& value) {
    const auto* text = tagged(value, "float");
    if (text == nullptr) return std::nullopt;
    if (*text == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (*text == "inf") return std::numeric_limits<double>::infinity();
    if (*text == "-inf") return -std::numeric_limits<double>::infinity();
    return std::nullopt;
}

std::optional<double> float_of(const Json& value) {
    if (value.is_number()) return value.get<double>();
    return special_float_of(value);
}

/// The [type, value] of a variant whose type is said rather than guessed.
const Json* typed_variant_of(const Json& value) {
    const auto* typed = tagged(value, "variant");
    if (typed == nullptr || !is_pair(*typed) || !(*typed)[0].is_string()) return nullptr;
    return is_single_type((*typed)[0].get_ref<const std::string&>()) ? typed : nullptr;
}

/// Cut to a length that fits an error message.
std::string quoted(const std::string& text) {
    constexpr std::size_t limit = 40;
    return fmt::format("'{}{}'", to_bus_text(text, limit), text.size() > limit ? "…" : "");
}

/// As Python shows it.
std::string shown(const Json& value) {
    switch (value.type()) {
        case Json::value_t::null:
            return "None";
        case Json::value_t::boolean:
            return value.get<bool>() ? "bool True" : "bool False";
        case Json::value_t::number_integer:
        case Json::value_t::number_unsigned:
            return "int " + value.dump();
        case Json::value_t::number_float:
            return "float " + value.dump();
        case Json::value_t::string:
            return "str " + quoted(value.get_ref<const std::string&>());
        case Json::value_t::array:
            return fmt::format("list of {}", value.size());
        default:
            break;
    }
    if (const auto* pairs = dict_of(value)) return fmt::format("dict of {}", pairs->size());
    if (const auto bytes = bytes_of(value)) return fmt::format("bytes of {}", bytes->size());
    if (special_float_of(value)) return "float " + value.front().get<std::string>();
    return "a malformed value";
}

// ---- integers

struct IntegerType {
    char code;
    std::int64_t least;
    std::uint64_t greatest;
};

template <class Integer>
constexpr IntegerType integer_type(char code) {
    return {code, static_cast<std::int64_t>(std::numeric_limits<Integer>::min()),
            static_cast<std::uint64_t>(std::numeric_limits<Integer>::max())};
}

constexpr std::array integer_types{
    integer_type<std::uint8_t>('y'),  integer_type<std::int16_t>('n'),
    integer_type<std::uint16_t>('q'), integer_type<std::int32_t>('i'),
    integer_type<std::uint32_t>('u'), integer_type<std::int64_t>('x'),
    integer_type<std::uint64_t>('t'),
};

const IntegerType* find_integer_type(char code) {
    for (const auto& type : integer_types)
        if (type.code == code) return &type;
    return nullptr;
}

bool in_range(const Json& value, const IntegerType& type) {
    if (value.is_number_unsigned()) return value.get<std::uint64_t>() <= type.greatest;
    const auto number = value.get<std::int64_t>();
    if (number < 0) return number >= type.least;
    return static_cast<std::uint64_t>(number) <= type.greatest;
}

// ---- the type of a variant

std::string guess_type(const Json& value, int depth);

std::string guess_list_type(const Json& list, int depth) {
    if (list.empty()) return "as";
    if (depth >= max_value_depth) return "av";
    const auto first = guess_type(list.front(), depth + 1);
    const bool uniform = std::all_of(list.begin() + 1, list.end(), [&](const Json& element) {
        return guess_type(element, depth + 1) == first;
    });
    return uniform && !first.empty() ? "a" + first : "av";
}

std::string guess_integer_type(const Json& value) {
    for (const char code : {'i', 'x'})
        if (in_range(value, *find_integer_type(code))) return std::string(1, code);
    return "t";
}

/// Empty: no D-Bus type stands for it.
std::string guess_type(const Json& value, int depth) {
    if (value.is_boolean()) return "b";
    if (value.is_number_integer()) return guess_integer_type(value);
    if (float_of(value)) return "d";
    if (value.is_string()) return "s";
    if (value.is_array()) return guess_list_type(value, depth);
    if (dict_of(value) != nullptr) return "a{sv}";
    if (tagged(value, "bytes") != nullptr) return "ay";
    return {};
}

// ---- writing

/// Walks values and signature together. Without a message it only checks.
class BodyWriter {
public:
    BodyWriter(sd_bus_message* message, BodyName name) : message_(message), name_(name) {}

    Result<> write_all(const std::vector<std::string>& types, const Json& arguments);

private:
    Result<> write(std::string_view type, const Json& value, int depth);
    Result<> write_integer(const IntegerType& type, const Json& value);
    Result<> write_boolean(const Json& value);
    Result<> write_double(const Json& value);
    Result<> write_text(char type, const Json& value);
    Result<> write_variant(const Json& value, int depth);
    Result<> write_array(std::string_view type, const Json& value, int depth);
    Result<> write_bytes(const std::string& bytes);
    Result<> write_elements(std::string_view element, const Json& list, int depth);
    Result<> write_struct(std::string_view type, const Json& value, int depth);
    Result<> write_dict(std::string_view type, const Json& value, int depth);
    Result<> write_entry(std::string_view entry, const Json& pair, int depth);

    Result<> append(char type, const void* value);
    template <class Integer>
    Result<> append_integer(char type, const Json& value) {
        const auto number = value.get<Integer>();
        return append(type, &number);
    }
    /// `inside` writes what is between opening and closing the container.
    template <class Inside>
    Result<> in_container(char type, std::string_view contents, const Inside& inside);
    Result<> check(int result) const;

    [[nodiscard]] Failure mismatch(const Json& value, std::string_view expected) const;
    [[nodiscard]] Failure cannot_convert(std::string_view reason) const;

    sd_bus_message* message_;
    BodyName name_;
    std::size_t argument_ = 0;       ///< 1: the first
    std::vector<std::string> path_;  ///< to the value inside the argument: "[0]", "['key']"
};

Failure BodyWriter::cannot_convert(std::string_view reason) const {
    std::string path;
    for (const auto& step : path_) path += step;
    return failure(ErrorKind::invalid,
                   fmt::format("cannot convert {} {}{} of {}: {}", name_.element, argument_, path,
                               name_.member, reason));
}

Failure BodyWriter::mismatch(const Json& value, std::string_view expected) const {
    return cannot_convert(fmt::format("got {}, expected {}", shown(value), expected));
}

Result<> BodyWriter::check(int result) const {
    if (result >= 0) return {};
    return cannot_convert("the message cannot hold it");
}

Result<> BodyWriter::append(char type, const void* value) {
    return message_ != nullptr ? check(sd_bus_message_append_basic(message_, type, value))
                               : Result<>{};
}

template <class Inside>
Result<> BodyWriter::in_container(char type, std::string_view contents, const Inside& inside) {
    if (message_ == nullptr) return inside();
    const std::string kept(contents);
    auto opened = check(sd_bus_message_open_container(message_, type, kept.c_str()));
    if (!opened) return opened;
    if (auto written = inside(); !written) return written;
    return check(sd_bus_message_close_container(message_));
}

Result<> BodyWriter::write_all(const std::vector<std::string>& types, const Json& arguments) {
    for (const auto& argument : arguments) {
        if (auto written = write(types[argument_++], argument, 0); !written) return written;
    }
    return {};
}

Result<> BodyWriter::write(std::string_view type, const Json& value, int depth) {
    if (depth > max_value_depth) return cannot_convert("it is nested too deeply");
    if (const auto* integer = find_integer_type(type.front()))
        return write_integer(*integer, value);
    switch (type.front()) {
        case 'b':
            return write_boolean(value);
        case 'd':
            return write_double(value);
        case 'v':
            return write_variant(value, depth);
        case 'a':
            return write_array(type, value, depth);
        case '(':
            return write_struct(type, value, depth);
        case 'h':
            return mismatch(value, "file descriptor, which comar does not pass");
        default:
            return write_text(type.front(), value);
    }
}

Result<> BodyWriter::write_integer(const IntegerType& type, const Json& value) {
    const auto name = describe_type({&type.code, 1});
    if (!value.is_number_integer()) return mismatch(value, name);
    if (!in_range(value, type))
        return mismatch(value, fmt::format("{} ({} to {})", name, type.least, type.greatest));
    switch (type.code) {
        case 'y':
            return append_integer<std::uint8_t>('y', value);
        case 'n':
            return append_integer<std::int16_t>('n', value);
        case 'q':
            return append_integer<std::uint16_t>('q', value);
        case 'i':
            return append_integer<std::int32_t>('i', value);
        case 'u':
            return append_integer<std::uint32_t>('u', value);
        case 'x':
            return append_integer<std::int64_t>('x', value);
        default:
            return append_integer<std::uint64_t>('t', value);
    }
}

Result<> BodyWriter::write_boolean(const Json& value) {
    if (!value.is_boolean()) return mismatch(value, "boolean");
    const int boolean = value.get<bool>() ? 1 : 0;
    return append('b', &boolean);
}

Result<> BodyWriter::write_double(const Json& value) {
    const auto number = float_of(value);
    if (!number) return mismatch(value, "double");
    return append('d', &*number);
}

Result<> BodyWriter::write_text(char type, const Json& value) {
    if (!value.is_string()) return mismatch(value, describe_type({&type, 1}));
    const auto& text = value.get_ref<const std::string&>();
    if (type == 's' && !is_bus_text(text))
        return mismatch(value, "string of valid UTF-8 without NUL");
    if (type == 'o' && !is_object_path(text)) return mismatch(value, "object path");
    if (type == 'g' && !is_signature(text)) return mismatch(value, "signature");
    return append(type, text.c_str());
}

Result<> BodyWriter::write_variant(const Json& value, int depth) {
    if (const auto* typed = typed_variant_of(value)) {
        const auto& type = (*typed)[0].get_ref<const std::string&>();
        return in_container('v', type, [&] { return write(type, (*typed)[1], depth + 1); });
    }
    const auto type = guess_type(value, depth);
    if (type.empty()) return mismatch(value, "a value that D-Bus has a type for");
    return in_container('v', type, [&] { return write(type, value, depth + 1); });
}

Result<> BodyWriter::write_array(std::string_view type, const Json& value, int depth) {
    const auto element = type.substr(1);
    if (element.front() == '{') return write_dict(type, value, depth);
    if (element == "y")
        if (const auto bytes = bytes_of(value)) return write_bytes(*bytes);
    if (!value.is_array()) return mismatch(value, describe_type(type));
    return in_container('a', element, [&] { return write_elements(element, value, depth + 1); });
}

Result<> BodyWriter::write_bytes(const std::string& bytes) {
    if (message_ == nullptr) return {};
    return check(sd_bus_message_append_array(message_, 'y', bytes.data(), bytes.size()));
}

Result<> BodyWriter::write_elements(std::string_view element, const Json& list, int depth) {
    for (std::size_t index = 0; index < list.size(); ++index) {
        path_.push_back(fmt::format("[{}]", index));
        if (auto written = write(element, list[index], depth); !written) return written;
        path_.pop_back();
    }
    return {};
}

Result<> BodyWriter::write_struct(std::string_view type, const Json& value, int depth) {
    const auto contents = type.substr(1, type.size() - 2);
    const auto fields = split_signature(contents);
    if (!fields || !value.is_array() || value.size() != fields->size())
        return mismatch(value, describe_type(type));
    return in_container('r', contents, [&]() -> Result<> {
        for (std::size_t index = 0; index < fields->size(); ++index) {
            path_.push_back(fmt::format("[{}]", index));
            auto written = write((*fields)[index], value[index], depth + 1);
            if (!written) return written;
            path_.pop_back();
        }
        return {};
    });
}

Result<> BodyWriter::write_dict(std::string_view type, const Json& value, int depth) {
    const auto* pairs = dict_of(value);
    if (pairs == nullptr) return mismatch(value, describe_type(type));
    const auto entry = type.substr(2, type.size() - 3);
    return in_container('a', type.substr(1), [&]() -> Result<> {
        for (const auto& pair : *pairs) {
            auto written =
                in_container('e', entry, [&] { return write_entry(entry, pair, depth + 1); });
            if (!written) return written;
        }
        return {};
    });
}

Result<> BodyWriter::write_entry(std::string_view entry, const Json& pair, int depth) {
    const auto& key = pair[0];
    path_.push_back(
        fmt::format("[{}]", key.is_string() ? quoted(key.get<std::string>()) : shown(key)));
    if (auto written = write(entry.substr(0, 1), key, depth); !written) return written;
    if (auto written = write(entry.substr(1), pair[1], depth); !written) return written;
    path_.pop_back();
    return {};
}

std::string described(const std::vector<std::string>& types) {
    if (types.empty()) return "none";
    std::string text = fmt::format("{} (", types.size());
    for (const auto& type : types)
        text.append(&type == &types.front() ? "" : ", ").append(describe_type(type));
    return text + ")";
}

Result<std::vector<std::string>> types_for(std::string_view signature, const Json& arguments,
                                           BodyName name) {
    auto types = split_signature(signature);
    if (!types) return types;
    if (!arguments.is_array() || arguments.size() != types->size())
        return failure(ErrorKind::invalid,
                       fmt::format("cannot convert the {}s of {}: got {}, expected {}",
                                   name.element, name.member, arguments.size(), described(*types)));
    return types;
}

}  // namespace

Result<> fits(std::string_view signature, const Json& arguments, BodyName name) {
    const auto types = types_for(signature, arguments, name);
    if (!types) return Failure(types.error());
    return BodyWriter(nullptr, name).write_all(*types, arguments);
}

Result<> append_body(sd_bus_message* message, std::string_view signature, const Json& arguments,
                     BodyName name) {
    const auto types = types_for(signature, arguments, name);
    if (!types) return Failure(types.error());
    // First a walk without the message, so that a misfit leaves it as it was.
    if (auto checked = BodyWriter(nullptr, name).write_all(*types, arguments); !checked)
        return checked;
    return BodyWriter(message, name).write_all(*types, arguments);
}

}  // namespace comar::bus
