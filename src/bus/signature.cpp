// SPDX-License-Identifier: MIT
#include "bus/signature.h"

#include <array>
#include <cstddef>
#include <optional>
#include <utility>

namespace comar::bus {
namespace {

constexpr std::size_t max_length = 255;  // both limits: D-Bus specification, "Valid Signatures"
constexpr int max_nesting = 32;

constexpr std::array<std::pair<char, std::string_view>, 14> basic_types{{
    {'y', "byte"},
    {'b', "boolean"},
    {'n', "int16"},
    {'q', "uint16"},
    {'i', "int32"},
    {'u', "uint32"},
    {'x', "int64"},
    {'t', "uint64"},
    {'d', "double"},
    {'s', "string"},
    {'o', "object path"},
    {'g', "signature"},
    {'h', "file descriptor"},
    {'v', "variant"},
}};

std::string_view name_of(char type) {
    for (const auto& [code, name] : basic_types)
        if (code == type) return name;
    return {};
}

/// Reads complete types from the front of a signature.
class Reader {
public:
    explicit Reader(std::string_view signature) : rest_(signature) {}

    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] std::string_view rest() const { return rest_; }

    /// False: what stands there is not a complete type.
    bool read_type(int arrays, int structs) {
        if (rest_.empty()) return false;
        const char type = take();
        if (type == 'a') return arrays < max_nesting && read_element(arrays + 1, structs);
        if (type == '(') return structs < max_nesting && read_fields(arrays, structs + 1);
        return !name_of(type).empty();
    }

private:
    char take() {
        const char type = rest_.front();
        rest_.remove_prefix(1);
        return type;
    }

    bool read_element(int arrays, int structs) {
        if (!rest_.starts_with('{')) return read_type(arrays, structs);
        take();
        if (rest_.empty() || rest_.front() == 'v' || name_of(take()).empty()) return false;
        return read_type(arrays, structs) && !rest_.empty() && take() == '}';
    }

    bool read_fields(int arrays, int structs) {
        do {
            if (!read_type(arrays, structs)) return false;
        } while (!rest_.empty() && rest_.front() != ')');
        return !rest_.empty() && take() == ')';
    }

    std::string_view rest_;
};

std::string describe_all(std::string_view types) {
    std::string text;
    while (!types.empty()) {
        const auto length = length_of_first_type(types);
        if (!text.empty()) text += ", ";
        text += describe_type(types.substr(0, length));
        types.remove_prefix(length);
    }
    return text;
}

}  // namespace

Result<std::vector<std::string>> split_signature(std::string_view signature) {
    if (signature.size() > max_length)
        return failure(ErrorKind::invalid, "cannot read a signature of more than 255 characters");
    std::vector<std::string> types;
    Reader reader(signature);
    while (!reader.at_end()) {
        const auto before = reader.rest();
        if (!reader.read_type(0, 0))
            return failure(ErrorKind::invalid, "cannot read the signature '" +
                                                   std::string(signature) +
                                                   "': not a D-Bus signature");
        types.emplace_back(before.substr(0, before.size() - reader.rest().size()));
    }
    return types;
}

bool is_signature(std::string_view text) { return split_signature(text).has_value(); }

bool is_single_type(std::string_view text) {
    const auto types = split_signature(text);
    return types && types->size() == 1;
}

std::size_t length_of_first_type(std::string_view signature) {
    Reader reader(signature);
    if (!reader.read_type(0, 0)) return signature.size();
    return signature.size() - reader.rest().size();
}

std::string describe_type(std::string_view type) {
    if (type.starts_with("a{") && type.ends_with('}'))
        return "dict of " + std::string(name_of(type[2])) + " to " +
               describe_type(type.substr(3, type.size() - 4));
    if (type.starts_with('a')) return "array of " + describe_type(type.substr(1));
    if (type.starts_with('(') && type.ends_with(')'))
        return "struct of (" + describe_all(type.substr(1, type.size() - 2)) + ")";
    return std::string(type.size() == 1 ? name_of(type.front()) : std::string_view("nothing"));
}

}  // namespace comar::bus
