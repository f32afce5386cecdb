// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "bus/value.h"

namespace comar::bus {
namespace {

Failure cannot_read(std::string_view reason) {
    return failure(ErrorKind::invalid,
                   std::string("cannot read the arguments of a message: ").append(reason));
}

/// What sd_bus_message_read_basic(3) fills in, by type.
union Basic {
    std::uint8_t byte;
    int boolean;
    std::int16_t int16;
    std::uint16_t uint16;
    std::int32_t int32;
    std::uint32_t uint32;
    std::int64_t int64;
    std::uint64_t uint64;
    double real;
    const char* text;
};

Json json_of(double value) {
    if (std::isnan(value)) return Json{{"float", "nan"}};
    if (std::isinf(value)) return Json{{"float", value > 0 ? "inf" : "-inf"}};
    return value;
}

Json json_of(char type, const Basic& value) {
    switch (type) {
        case SD_BUS_TYPE_BYTE:
            return value.byte;
        case SD_BUS_TYPE_BOOLEAN:
            return value.boolean != 0;
        case SD_BUS_TYPE_INT16:
            return value.int16;
        case SD_BUS_TYPE_UINT16:
            return value.uint16;
        case SD_BUS_TYPE_INT32:
            return value.int32;
        case SD_BUS_TYPE_UINT32:
            return value.uint32;
        case SD_BUS_TYPE_INT64:
            return value.int64;
        case SD_BUS_TYPE_UINT64:
            return value.uint64;
        case SD_BUS_TYPE_DOUBLE:
            return json_of(value.real);
        default:
            return value.text;
    }
}

class BodyReader {
public:
    explicit BodyReader(sd_bus_message* message) : message_(message) {}

    /// All values up to the end of the container, or of the message.
    Result<Json> read_all(int depth);

private:
    struct Type {
        char code = '\0';  ///< NUL: nothing is left here
        std::string contents;
    };

    Result<Type> peek();
    Result<Json> read(const Type& type, int depth);
    Result<Json> read_basic(char type);
    Result<Json> read_container(const Type& type, int depth);
    Result<Json> read_bytes();
    Result<Json> read_inside(const Type& type, int depth);
    Result<> count(std::size_t values, std::size_t text);

    sd_bus_message* message_;
    std::size_t values_ = 0;
    std::size_t text_ = 0;
};

Result<> BodyReader::count(std::size_t values, std::size_t text) {
    values_ += values;
    text_ += text;
    if (values_ > max_body_values || text_ > max_body_text) return cannot_read("it is too large");
    return {};
}

Result<BodyReader::Type> BodyReader::peek() {
    char code = '\0';
    const char* contents = nullptr;
    if (sd_bus_message_peek_type(message_, &code, &contents) < 0)
        return cannot_read("it is malformed");
    return Type{code, contents != nullptr ? contents : ""};
}

Result<Json> BodyReader::read_all(int depth) {
    Json values = Json::array();
    for (;;) {
        const auto type = peek();
        if (!type) return Failure(type.error());
        if (type->code == '\0') return values;
        auto value = read(*type, depth);
        if (!value) return value;
        values.push_back(std::move(*value));
    }
}

Result<Json> BodyReader::read(const Type& type, int depth) {
    if (auto counted = count(1, 0); !counted) return Failure(counted.error());
    switch (type.code) {
        case SD_BUS_TYPE_UNIX_FD:
            return cannot_read("it holds a file descriptor");
        case SD_BUS_TYPE_ARRAY:
            if (type.contents == "y") return read_bytes();
            [[fallthrough]];
        case SD_BUS_TYPE_VARIANT:
        case SD_BUS_TYPE_STRUCT:
        case SD_BUS_TYPE_DICT_ENTRY:
            return read_container(type, depth + 1);
        default:
            return read_basic(type.code);
    }
}

Result<Json> BodyReader::read_basic(char type) {
    Basic value{};
    if (sd_bus_message_read_basic(message_, type, &value) < 0)
        return cannot_read("it is malformed");
    auto json = json_of(type, value);
    if (json.is_string())
        if (auto counted = count(0, json.get_ref<const std::string&>().size()); !counted)
            return Failure(counted.error());
    return json;
}

Result<Json> BodyReader::read_bytes() {
    const void* bytes = nullptr;
    std::size_t size = 0;
    if (sd_bus_message_read_array(message_, SD_BUS_TYPE_BYTE, &bytes, &size) < 0)
        return cannot_read("it is malformed");
    if (auto counted = count(size, 0); !counted) return Failure(counted.error());
    const auto* first = static_cast<const std::uint8_t*>(bytes);
    Json::array_t values(first, first + size);
    return values;
}

Result<Json> BodyReader::read_container(const Type& type, int depth) {
    if (depth > max_value_depth) return cannot_read("it is nested too deeply");
    if (sd_bus_message_enter_container(message_, type.code, type.contents.c_str()) < 0)
        return cannot_read("it is malformed");
    auto value = read_inside(type, depth);
    if (value && sd_bus_message_exit_container(message_) < 0) return cannot_read("it is malformed");
    return value;
}

Result<Json> BodyReader::read_inside(const Type& type, int depth) {
    if (type.code == SD_BUS_TYPE_VARIANT) {
        const auto inner = peek();
        return inner ? read(*inner, depth) : Failure(inner.error());
    }
    auto values = read_all(depth);
    if (values && type.code == SD_BUS_TYPE_ARRAY && type.contents.starts_with('{'))
        return Json{{"dict", std::move(*values)}};
    return values;
}

}  // namespace

Result<Json> read_body(sd_bus_message* message) {
    if (sd_bus_message_rewind(message, 1) < 0) return cannot_read("it is malformed");
    return BodyReader(message).read_all(0);
}

}  // namespace comar::bus
