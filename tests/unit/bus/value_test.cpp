// SPDX-License-Identifier: MIT
#include "bus/value.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "unit/bus/message_factory.h"

namespace comar::bus {
namespace {

Json json(const char* text) { return Json::parse(text); }

class ValueTest : public testing::Test {
protected:
    /// What arrives when `arguments` are sent as `signature`.
    Result<Json> sent(const char* signature, const Json& arguments) {
        const auto message = factory_.make();
        auto appended = append_body(message.get(), signature, arguments, {.member = "setEntry"});
        if (!appended) return Failure(appended.error());
        test::MessageFactory::seal(message);
        EXPECT_STREQ(sd_bus_message_get_signature(message.get(), 1), signature);
        return read_body(message.get());
    }

    /// The signature of what a variant holds when `value` is put into it.
    std::string guessed(const char* value) {
        const auto message = factory_.make();
        const auto appended =
            append_body(message.get(), "v", Json::array({json(value)}), {.member = "m"});
        EXPECT_TRUE(appended) << appended.error().message;
        test::MessageFactory::seal(message);
        char type = '\0';
        const char* contents = nullptr;
        EXPECT_GT(sd_bus_message_peek_type(message.get(), &type, &contents), 0);
        EXPECT_EQ(type, 'v');
        return contents;
    }

    std::string error_of(const char* signature, const char* arguments) {
        const auto result = sent(signature, json(arguments));
        EXPECT_FALSE(result) << arguments;
        if (result) return "no error";
        EXPECT_EQ(result.error().kind, ErrorKind::invalid);
        const auto checked = fits(signature, json(arguments), {.member = "setEntry"});
        EXPECT_FALSE(checked);
        EXPECT_EQ(checked.error().message, result.error().message) << "both say the same";
        return result.error().message;
    }

    test::MessageFactory factory_;
};

TEST_F(ValueTest, EveryTypeComesBackAsItWas) {
    const struct {
        const char* signature;
        const char* arguments;
    } cases[] = {
        {"", "[]"},
        {"ybnqiuxtd",
         "[255, true, -32768, 65535, -2147483648, 4294967295, "
         "-9223372036854775808, 18446744073709551615, 0.5]"},
        {"sog", R"(["Yazıcı \" \\ \n", "/package/my_app", "a{sv}"])"},
        {"as", R"([["a", ""]])"},
        {"as", "[[]]"},
        {"aai", "[[[1, 2], []]]"},
        {"a(sssa{ss})", R"([[["p", "t", "l", {"dict": [["k", "v"]]}]]])"},
        {"a{ss}", R"([{"dict": [["b", "1"], ["a", "2"]]}])"},
        {"a{ib}", R"([{"dict": [[2, true], [1, false]]}])"},
        {"a{s(sasas)}", R"([{"dict": [["k", ["d", ["x"], []]]]}])"},
        {"ay", "[[0, 255, 7]]"},
    };
    for (const auto& [signature, text] : cases) {
        const auto result = sent(signature, json(text));
        ASSERT_TRUE(result) << signature << ": " << result.error().message;
        EXPECT_EQ(*result, json(text)) << signature;
    }
}

TEST_F(ValueTest, VariantsComeBackAsWhatIsInThem) {
    for (const char* text :
         {"true", "5", "-5000000000", "18446744073709551615", "2.5", "\"x\"", "[1, 2]",
          R"([1, "x", true])", R"([[1], ["x"], []])", R"({"dict": [["k", {"dict": []}]]})", "[]"}) {
        const auto result = sent("v", Json::array({json(text)}));
        ASSERT_TRUE(result) << text << ": " << result.error().message;
        EXPECT_EQ(*result, Json::array({json(text)}));
    }
}

TEST_F(ValueTest, GuessesTheTypeOfAVariant) {
    EXPECT_EQ(guessed("true"), "b");
    EXPECT_EQ(guessed("2147483647"), "i");
    EXPECT_EQ(guessed("-2147483648"), "i");
    EXPECT_EQ(guessed("2147483648"), "x");
    EXPECT_EQ(guessed("9223372036854775808"), "t");
    EXPECT_EQ(guessed("1.0"), "d");
    EXPECT_EQ(guessed(R"({"float": "inf"})"), "d");
    EXPECT_EQ(guessed("\"1\""), "s");
    EXPECT_EQ(guessed("[1, 2]"), "ai");
    EXPECT_EQ(guessed("[1, 5000000000]"), "av");
    EXPECT_EQ(guessed("[[\"x\"], []]"), "aas");
    EXPECT_EQ(guessed("[[1], []]"), "av");
    EXPECT_EQ(guessed("[]"), "as");
    EXPECT_EQ(guessed(R"({"dict": []})"), "a{sv}");
    EXPECT_EQ(guessed(R"([{"dict": []}])"), "aa{sv}");
    EXPECT_EQ(guessed(R"({"bytes": "AAE="})"), "ay");
}

TEST_F(ValueTest, AVariantMayNameItsType) {
    EXPECT_EQ(guessed(R"({"variant": ["u", 5]})"), "u");
    EXPECT_EQ(guessed(R"({"variant": ["as", []]})"), "as");
    EXPECT_EQ(guessed(R"({"variant": ["o", "/"]})"), "o");
    EXPECT_EQ(guessed(R"([{"variant": ["u", 5]}])"), "av");
    EXPECT_EQ(sent("v", json(R"([{"variant": ["v", {"variant": ["t", 5]}]}])")).value(),
              json("[5]"));
    EXPECT_EQ(error_of("v", R"([{"variant": ["u", -5]}])"),
              "cannot convert argument 1 of setEntry: got int -5, expected uint32 (0 to "
              "4294967295)");
    for (const char* text :
         {R"({"variant": ["uu", 5]})", R"({"variant": ["", 5]})", R"({"variant": ["z", 5]})",
          R"({"variant": ["u"]})", R"({"variant": [5, 5]})", R"({"variant": "u"})",
          R"({"variant": ["h", 0]})"})
        EXPECT_FALSE(sent("v", Json::array({json(text)}))) << text;
    EXPECT_FALSE(sent("u", json(R"([{"variant": ["u", 5]}])"))) << "only where a variant is";
}

TEST_F(ValueTest, BytesFillAnArrayOfBytesAlone) {
    EXPECT_EQ(sent("ay", json(R"([{"bytes": "AP8="}])")).value(), json("[[0, 255]]"));
    EXPECT_EQ(sent("ay", json(R"([{"bytes": ""}])")).value(), json("[[]]"));
    EXPECT_EQ(error_of("s", R"([{"bytes": "AP8="}])"),
              "cannot convert argument 1 of setEntry: got bytes of 2, expected string");
    EXPECT_EQ(error_of("ai", R"([{"bytes": "AP8="}])"),
              "cannot convert argument 1 of setEntry: got bytes of 2, expected array of int32");
    EXPECT_EQ(error_of("ay", R"([{"bytes": "?"}])"),
              "cannot convert argument 1 of setEntry: got a malformed value, expected array of "
              "byte");
}

TEST_F(ValueTest, FloatsIncludeThoseThatJsonLacks) {
    EXPECT_EQ(sent("d", json(R"([{"float": "inf"}])")).value(), json(R"([{"float": "inf"}])"));
    EXPECT_EQ(sent("d", json(R"([{"float": "-inf"}])")).value(), json(R"([{"float": "-inf"}])"));
    EXPECT_EQ(sent("d", json(R"([{"float": "nan"}])")).value(), json(R"([{"float": "nan"}])"));
    EXPECT_EQ(sent("d", json("[3]")).value().dump(), "[3.0]") << "a float stays one";
    EXPECT_EQ(error_of("d", R"(["1.0"])"),
              "cannot convert argument 1 of setEntry: got str '1.0', expected double");
    EXPECT_EQ(error_of("i", R"([{"float": "inf"}])"),
              "cannot convert argument 1 of setEntry: got float inf, expected int32");
}

TEST_F(ValueTest, IntegersKeepTheirRange) {
    const struct {
        const char* signature;
        const char* good[2];
        const char* bad[2];
    } cases[] = {
        {"y", {"[0]", "[255]"}, {"[-1]", "[256]"}},
        {"n", {"[-32768]", "[32767]"}, {"[-32769]", "[32768]"}},
        {"q", {"[0]", "[65535]"}, {"[-1]", "[65536]"}},
        {"i", {"[-2147483648]", "[2147483647]"}, {"[-2147483649]", "[2147483648]"}},
        {"u", {"[0]", "[4294967295]"}, {"[-1]", "[4294967296]"}},
        {"x",
         {"[-9223372036854775808]", "[9223372036854775807]"},
         {"[9223372036854775808]", "[18446744073709551615]"}},
        {"t", {"[0]", "[18446744073709551615]"}, {"[-1]", "[-9223372036854775808]"}},
    };
    for (const auto& [signature, good, bad] : cases) {
        for (const char* text : good)
            EXPECT_EQ(sent(signature, json(text)).value_or(Json()), json(text)) << signature;
        for (const char* text : bad) EXPECT_FALSE(sent(signature, json(text))) << signature << text;
    }
    EXPECT_EQ(error_of("y", "[300]"),
              "cannot convert argument 1 of setEntry: got int 300, expected byte (0 to 255)");
}

TEST_F(ValueTest, NothingIsTakenForSomethingElse) {
    EXPECT_EQ(error_of("si", R"(["a", "abc"])"),
              "cannot convert argument 2 of setEntry: got str 'abc', expected int32");
    EXPECT_EQ(error_of("i", "[true]"),
              "cannot convert argument 1 of setEntry: got bool True, expected int32");
    EXPECT_EQ(error_of("i", "[1.0]"),
              "cannot convert argument 1 of setEntry: got float 1.0, expected int32");
    EXPECT_EQ(error_of("b", "[1]"),
              "cannot convert argument 1 of setEntry: got int 1, expected boolean");
    EXPECT_EQ(error_of("s", "[null]"),
              "cannot convert argument 1 of setEntry: got None, expected string");
    EXPECT_EQ(error_of("s", "[5]"),
              "cannot convert argument 1 of setEntry: got int 5, expected string");
    EXPECT_EQ(error_of("as", R"(["abc"])"),
              "cannot convert argument 1 of setEntry: got str 'abc', expected array of string");
    EXPECT_EQ(error_of("a{ss}", "[[]]"),
              "cannot convert argument 1 of setEntry: got list of 0, "
              "expected dict of string to string");
    EXPECT_EQ(error_of("as", R"([{"dict": []}])"),
              "cannot convert argument 1 of setEntry: got dict of 0, expected array of string");
    EXPECT_EQ(error_of("o", R"(["relative"])"),
              "cannot convert argument 1 of setEntry: got str 'relative', expected object path");
    EXPECT_EQ(error_of("g", R"(["zz"])"),
              "cannot convert argument 1 of setEntry: got str 'zz', expected signature");
    EXPECT_EQ(error_of("v", "[null]"),
              "cannot convert argument 1 of setEntry: got None, expected "
              "a value that D-Bus has a type for");
    EXPECT_EQ(error_of("h", "[1]"),
              "cannot convert argument 1 of setEntry: got int 1, expected "
              "file descriptor, which comar does not pass");
}

TEST_F(ValueTest, ErrorsShowThePathInside) {
    EXPECT_EQ(error_of("sas", R"(["a", ["b", 7]])"),
              "cannot convert argument 2[1] of setEntry: got int 7, expected string");
    EXPECT_EQ(error_of("a{sai}", R"([{"dict": [["eth0", [1, null]]]}])"),
              "cannot convert argument 1['eth0'][1] of setEntry: got None, expected int32");
    EXPECT_EQ(error_of("a{is}", R"([{"dict": [["k", "v"]]}])"),
              "cannot convert argument 1['k'] of setEntry: got str 'k', expected int32");
    EXPECT_EQ(error_of("(s(ib))", R"([["a", [1, 2]]])"),
              "cannot convert argument 1[1][1] of setEntry: got int 2, expected boolean");
    EXPECT_EQ(error_of("(sb)", R"([["a"]])"),
              "cannot convert argument 1 of setEntry: got list of "
              "1, expected struct of (string, boolean)");
}

TEST_F(ValueTest, ResultsAreCalledResults) {
    const auto result = fits("s", json("[1]"), {.member = "info", .element = "result"});
    EXPECT_EQ(result.error().message,
              "cannot convert result 1 of info: got int 1, expected string");
}

TEST_F(ValueTest, TheNumberOfArgumentsMustBeRight) {
    EXPECT_EQ(error_of("si", R"(["a"])"),
              "cannot convert the arguments of setEntry: got 1, "
              "expected 2 (string, int32)");
    EXPECT_EQ(error_of("", R"(["a"])"),
              "cannot convert the arguments of setEntry: got 1, expected none");
    EXPECT_FALSE(sent("s", json("null")));
    EXPECT_FALSE(sent("s", json("\"s\"")));
    EXPECT_FALSE(sent("s", json(R"({"dict": []})")));
    EXPECT_FALSE(sent("z", json("[1]")));
}

TEST_F(ValueTest, TextThatDBusCannotCarryIsAnError) {
    EXPECT_FALSE(sent("s", Json::array({std::string("a\0b", 3)})));
    EXPECT_FALSE(sent("s", Json::array({"\xC3("})));
    EXPECT_FALSE(sent("o", Json::array({std::string("/a\0b", 4)})));
    EXPECT_FALSE(sent("g", Json::array({std::string("s\0s", 3)})));
    EXPECT_FALSE(sent("v", Json::array({std::string("a\0b", 3)})));
    const auto long_text = std::string(100'000, 'x');
    EXPECT_LT(sent("i", Json::array({long_text})).error().message.size(), 200U);
}

TEST_F(ValueTest, MalformedObjectsAreErrors) {
    for (const char* text :
         {R"([{}])", R"([{"dict": 5}])", R"([{"dict": [1]}])", R"([{"dict": [["a"]]}])",
          R"([{"dict": [["a", 1, 2]]}])", R"([{"bytes": 5}])", R"([{"float": "big"}])",
          R"([{"dict": [], "bytes": ""}])", R"([{"other": 1}])"}) {
        EXPECT_FALSE(sent("a{sv}", json(text))) << text;
        EXPECT_FALSE(sent("v", json(text))) << text;
    }
}

TEST_F(ValueTest, NothingIsAppendedWhenSomethingDoesNotFit) {
    const auto message = factory_.make();
    ASSERT_FALSE(append_body(message.get(), "sai", json(R"(["a", [1, "x"]])"), {.member = "m"}));
    ASSERT_TRUE(append_body(message.get(), "i", json("[5]"), {.member = "m"}));
    test::MessageFactory::seal(message);
    EXPECT_EQ(read_body(message.get()).value(), json("[5]"));
}

TEST_F(ValueTest, DepthIsBounded) {
    Json deepest = "x";
    for (int level = 0; level < max_value_depth - 1; ++level) deepest = Json::array({deepest});
    const auto back = sent("v", Json::array({deepest}));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, Json::array({deepest}));
    EXPECT_FALSE(sent("v", Json::array({Json::array({deepest})})));

    Json very_deep = "x";
    for (int level = 0; level < 500; ++level) very_deep = Json::array({std::move(very_deep)});
    EXPECT_FALSE(sent("v", Json::array({very_deep})));
}

TEST_F(ValueTest, DeepMessagesAreRefused) {
    const auto message = factory_.make();
    for (int level = 0; level < 60; ++level)
        ASSERT_GE(sd_bus_message_open_container(message.get(), 'v', level == 59 ? "s" : "v"), 0);
    ASSERT_GE(sd_bus_message_append(message.get(), "s", "x"), 0);
    for (int level = 0; level < 60; ++level)
        ASSERT_GE(sd_bus_message_close_container(message.get()), 0);
    test::MessageFactory::seal(message);
    EXPECT_EQ(read_body(message.get()).error().message,
              "cannot read the arguments of a message: it is nested too deeply");
}

TEST_F(ValueTest, LargeMessagesAreRefused) {
    const auto numbers = factory_.make();
    const std::vector<std::uint32_t> many(max_body_values + 1);
    ASSERT_GE(
        sd_bus_message_append_array(numbers.get(), 'u', many.data(), many.size() * sizeof many[0]),
        0);
    test::MessageFactory::seal(numbers);
    EXPECT_EQ(read_body(numbers.get()).error().message,
              "cannot read the arguments of a message: it is too large");

    const auto bytes = factory_.make();
    ASSERT_GE(sd_bus_message_append_array(bytes.get(), 'y', many.data(), many.size()), 0);
    test::MessageFactory::seal(bytes);
    EXPECT_FALSE(read_body(bytes.get()));

    const auto text = factory_.make();
    ASSERT_GE(sd_bus_message_append(text.get(), "s", std::string(max_body_text + 1, 'x').c_str()),
              0);
    test::MessageFactory::seal(text);
    EXPECT_FALSE(read_body(text.get()));
}

TEST_F(ValueTest, FileDescriptorsAreRefused) {
    const auto message = factory_.make();
    ASSERT_GE(sd_bus_message_append(message.get(), "h", 0), 0);
    test::MessageFactory::seal(message);
    EXPECT_EQ(read_body(message.get()).error().message,
              "cannot read the arguments of a message: it holds a file descriptor");
}

TEST_F(ValueTest, ReadsFromTheBeginningEachTime) {
    const auto message = factory_.make();
    ASSERT_TRUE(append_body(message.get(), "si", json(R"(["a", 1])"), {.member = "m"}));
    test::MessageFactory::seal(message);
    ASSERT_EQ(read_body(message.get()).value(), json(R"(["a", 1])"));
    EXPECT_EQ(read_body(message.get()).value(), json(R"(["a", 1])"));
}

}  // namespace
}  // namespace comar::bus
