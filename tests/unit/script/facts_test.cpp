// SPDX-License-Identifier: MIT
#include "script/facts.h"

#include <gtest/gtest.h>

namespace comar {
namespace {

using nlohmann::json;

json full() {
    return json::parse(R"({"type": "server", "description": {"en": "Server", "tr": "Sunucu"},
        "default": "conditional", "conf": "web", "methods": ["start", "stop", "status"],
        "starts": [["dbus", 12, "startDependencies"], ["logger", 13, "call"]]})");
}

TEST(FactsTest, WhatIsWrittenIsReadAgain) {
    const auto facts = parse_facts(full());
    ASSERT_TRUE(facts);
    const auto again = parse_facts(to_json(*facts));
    ASSERT_TRUE(again);
    EXPECT_EQ(to_json(*again), to_json(*facts));
    EXPECT_EQ(again->type, "server");
    EXPECT_EQ(again->description->at("tr"), "Sunucu");
    EXPECT_EQ(again->default_state, StartUp::conditional);
    EXPECT_EQ(again->conf, "web");
    EXPECT_TRUE(again->defines("status"));
    EXPECT_FALSE(again->defines("reload"));
    using How = Facts::Edge::How;
    ASSERT_EQ(again->starts.size(), 2U);
    EXPECT_EQ(again->starts[0], (Facts::Edge{"dbus", 12, How::start_dependencies}));
    EXPECT_EQ(again->starts[1], (Facts::Edge{"logger", 13, How::call}));
    EXPECT_EQ(to_json(*again)["starts"], full()["starts"]);
}

TEST(FactsTest, WhatEarlierVersionsWroteOfStartsIsACall) {
    json old = full();
    old["starts"] = json::parse(R"([["dbus", 12]])");
    const auto facts = parse_facts(old);
    ASSERT_TRUE(facts);
    ASSERT_EQ(facts->starts.size(), 1U);
    EXPECT_EQ(facts->starts[0], (Facts::Edge{"dbus", 12, Facts::Edge::How::call}));
}

TEST(FactsTest, WhatIsNotKnownStaysUnknown) {
    const auto facts = parse_facts(json::parse(
        R"({"type": null, "description": null, "default": null, "conf": null, "methods": []})"));
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->type, "");
    EXPECT_FALSE(facts->description);
    EXPECT_FALSE(facts->default_state);
    EXPECT_FALSE(facts->conf);
}

TEST(FactsTest, FunctionsAreThereOrNotOrNotKnown) {
    json some = full();
    some["functions"] = {"is_up", "status"};
    const auto known = parse_facts(some);
    ASSERT_TRUE(known);
    EXPECT_TRUE(known->may_have_function("is_up"));
    EXPECT_FALSE(known->may_have_function("start"));
    EXPECT_EQ(to_json(*known)["functions"], some["functions"]);
    const auto unknown = parse_facts(full());
    ASSERT_TRUE(unknown);
    EXPECT_TRUE(unknown->may_have_function("start"));
    EXPECT_TRUE(to_json(*unknown)["functions"].is_null());
}

TEST(FactsTest, WrongTypesAreAnError) {
    for (const char* key : {"description", "conf", "methods", "functions", "starts"}) {
        json wrong = full();
        wrong[key] = 7;
        EXPECT_FALSE(parse_facts(wrong)) << key;
    }
    for (const char* edge :
         {R"(["dbus"])", R"([1, 2])", R"(["dbus", "12"])", R"(["dbus", 1, 2])"}) {
        json wrong = full();
        wrong["starts"] = json::array({json::parse(edge)});
        EXPECT_FALSE(parse_facts(wrong)) << edge;
    }
    EXPECT_FALSE(parse_facts(json::array()));
    EXPECT_FALSE(parse_facts(json()));
}

TEST(FactsTest, TheCallersLanguageComesFirstThenEnglishThenAny) {
    const std::map<std::string, std::string> texts{
        {"en", "Server"}, {"tr", "Sunucu"}, {"pt_BR", "Servidor"}};
    EXPECT_EQ(text_for(texts, "tr"), "Sunucu");
    EXPECT_EQ(text_for(texts, "tr_TR.UTF-8"), "Sunucu");
    EXPECT_EQ(text_for(texts, "pt_BR.UTF-8@x"), "Servidor");
    EXPECT_EQ(text_for(texts, "pt_PT"), "Server");
    EXPECT_EQ(text_for(texts, ""), "Server");
    EXPECT_EQ(text_for({{"de", "Dienst"}}, "tr"), "Dienst");
    EXPECT_EQ(text_for({}, "tr"), "");
}

}  // namespace
}  // namespace comar
