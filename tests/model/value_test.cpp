// SPDX-License-Identifier: MIT
#include "bus/value.h"

#include <array>
#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "bus/text.h"
#include "model/histories.h"
#include "unit/bus/message_factory.h"

namespace comar::bus {
namespace {

using comar::test::History;

/// Random types of D-Bus, and values that they hold, as docs/protocol.md encodes them.
class Chance {
public:
    explicit Chance(History& history) : history_(history) {}

    std::string signature() {
        std::string all;
        for (std::size_t left = history_.below(4); left > 0; --left) all += type(0);
        return all;
    }

    /// The arguments for a signature.
    Json arguments(std::string_view signature) {
        Json values = Json::array();
        while (!signature.empty()) values.push_back(value(take_type(signature)));
        return values;
    }

    /// Something of another type than `type` holds, or beyond its range.
    Json misfit(char type) {
        switch (type) {
            case 'b':
                return 1;
            case 'y':
                return history_.coin() ? Json(256) : Json(-1);
            case 'n':
                return history_.coin() ? Json(32768) : Json("1");
            case 'q':
                return history_.coin() ? Json(65536) : Json(1.5);
            case 'i':
                return history_.coin() ? Json(std::int64_t{1} << 31) : Json(true);
            case 'u':
                return history_.coin() ? Json(std::int64_t{1} << 32) : Json(-1);
            case 'x':
                return std::numeric_limits<std::uint64_t>::max();
            case 't':
                return -1;
            case 'd':
                return "0.5";
            case 'o':
                return history_.coin() ? "no path" : "/ends/";
            case 'g':
                return "a{vs}";
            default:
                return 7;
        }
    }

    static std::string_view take_type(std::string_view& signature) {
        const std::size_t length = length_of_type(signature);
        const std::string_view type = signature.substr(0, length);
        signature.remove_prefix(length);
        return type;
    }

private:
    static constexpr std::string_view basic = "ybnqiuxtdsog";

    char basic_type() { return history_.pick(basic); }

    std::string type(int depth) {
        const std::size_t kind = depth < 4 ? history_.below(10) : 0;
        if (kind == 7) return "a" + type(depth + 1);
        if (kind == 8) return std::string("a{") + basic_type() + type(depth + 1) + "}";
        if (kind == 9) {
            std::string members;
            for (std::size_t left = 1 + history_.below(3); left > 0; --left) {
                members += type(depth + 1);
            }
            return "(" + members + ")";
        }
        return {basic_type()};
    }

    static std::size_t length_of_type(std::string_view signature) {
        if (signature[0] == 'a') return 1 + length_of_type(signature.substr(1));
        int open = 0;
        for (std::size_t at = 0; at < signature.size(); ++at) {
            if (signature[at] == '(' || signature[at] == '{') ++open;
            if (signature[at] == ')' || signature[at] == '}') --open;
            if (open == 0) return at + 1;
        }
        return signature.size();
    }

    Json value(std::string_view type) {
        if (type.starts_with("a{")) return dict(type.substr(2, type.size() - 3));
        if (type.starts_with("a")) return list(type.substr(1));
        if (type.starts_with("(")) return arguments(type.substr(1, type.size() - 2));
        return plain(type[0]);
    }

    Json list(std::string_view element) {
        Json values = Json::array();
        for (std::size_t left = history_.below(4); left > 0; --left) {
            values.push_back(value(element));
        }
        return values;
    }

    Json dict(std::string_view entry) {
        Json pairs = Json::array();
        for (std::size_t left = history_.below(4); left > 0; --left) {
            pairs.push_back(Json::array({plain(entry[0]), value(entry.substr(1))}));
        }
        return {{"dict", std::move(pairs)}};
    }

    Json plain(char type) {
        switch (type) {
            case 'y':
                return integer<std::uint8_t>();
            case 'b':
                return history_.coin();
            case 'n':
                return integer<std::int16_t>();
            case 'q':
                return integer<std::uint16_t>();
            case 'i':
                return integer<std::int32_t>();
            case 'u':
                return integer<std::uint32_t>();
            case 'x':
                return integer<std::int64_t>();
            case 't':
                return integer<std::uint64_t>();
            case 'd':
                return static_cast<double>(integer<std::int32_t>()) / 1024;
            case 'o':
                return history_.coin() ? "/" : "/package/my_app";
            case 'g':
                return history_.coin() ? "" : "a{s(sasas)}";
            default:
                return text();
        }
    }

    /// The ends of the range more often than what is between.
    template <class T>
    T integer() {
        using Limits = std::numeric_limits<T>;
        switch (history_.below(4)) {
            case 0:
                return Limits::min();
            case 1:
                return Limits::max();
            default:
                return static_cast<T>(history_.below(std::numeric_limits<std::size_t>::max()));
        }
    }

    std::string text() {
        static constexpr std::array pieces{"a", " ",  "\n",         "\"", "\\",
                                           "ğ", "漢", "\U0001F600", "{}"};
        std::string text;
        for (std::size_t left = history_.below(6); left > 0; --left) text += history_.pick(pieces);
        return text;
    }

    History& history_;
};

TEST(ValueModel, WhatIsSentComesBackAsItWas) {
    const test::MessageFactory factory;
    comar::test::explore(3000, [&](History& history) {
        Chance chance(history);
        const std::string signature = chance.signature();
        const Json arguments = chance.arguments(signature);
        history.note(signature + " " + arguments.dump());
        const auto message = factory.make();
        const auto appended = append_body(message.get(), signature, arguments, {"m"});
        ASSERT_TRUE(appended) << appended.error().message;
        EXPECT_TRUE(fits(signature, arguments, {"m"}));
        test::MessageFactory::seal(message);
        EXPECT_EQ(message.signature(), signature);
        const auto read = read_body(message.get());
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(*read, arguments);
    });
}

TEST(ValueModel, WhatDoesNotFitIsRefusedAndNamedAndLeavesTheMessageEmpty) {
    const test::MessageFactory factory;
    comar::test::explore(2000, [&](History& history) {
        Chance chance(history);
        std::string signature = chance.signature();
        Json arguments = chance.arguments(signature);
        const std::size_t at = arguments.size();
        const char wrong = history.pick(std::string_view("ybnqiuxtdsog"));
        signature += wrong;
        arguments.push_back(chance.misfit(wrong));
        history.note(signature + " " + arguments.dump());
        const auto message = factory.make();
        const auto appended = append_body(message.get(), signature, arguments, {"m"});
        ASSERT_FALSE(appended);
        const std::string begin =
            "cannot convert argument " + std::to_string(at + 1) + " of m: got ";
        EXPECT_TRUE(appended.error().message.starts_with(begin)) << appended.error().message;
        EXPECT_NE(appended.error().message.find("expected"), std::string::npos)
            << appended.error().message;
        test::MessageFactory::seal(message);
        EXPECT_EQ(message.signature(), "");
    });
}

}  // namespace
}  // namespace comar::bus
