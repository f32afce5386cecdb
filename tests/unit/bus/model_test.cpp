// SPDX-License-Identifier: MIT
#include "bus/model.h"

#include <string>

#include <gtest/gtest.h>

namespace comar::bus {
namespace {

/// A document with `members` inside the interface of the model Test.Model; they begin on line 3.
std::string with(const std::string& members) {
    return "<node>\n<interface name=\"tr.org.pardus.comar.Test.Model\">\n" + members +
           "</interface></node>";
}

std::string error_of(const std::string& text) {
    const auto model = parse_model(text, "x.xml");
    EXPECT_FALSE(model) << text;
    if (model) return "no error";
    EXPECT_EQ(model.error().kind, ErrorKind::invalid);
    return model.error().message;
}

TEST(ModelTest, ReadsMethodsAndSignals) {
    const auto model = parse_model(with(R"(
        <method name="setRule">
          <arg name="rule" type="s"/>
          <arg name="position" type="i" direction="in"/>
          <arg name="old" type="a{ss}" direction="out"/>
          <annotation name="tr.org.pardus.comar.Action" value="tr.org.pardus.comar.net.filter.set"/>
          <annotation name="org.freedesktop.DBus.Method.NoReply" value="true"/>
        </method>
        <method name="getRules">
          <arg type="as" direction="out"/>
          <annotation name="tr.org.pardus.comar.Open" value="true"/>
        </method>
        <method name="flush"/>
        <signal name="Changed"><arg name="rule" type="s"/><arg type="u" direction="out"/></signal>
    )"),
                                   "x.xml");
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->name, "Test.Model");
    EXPECT_EQ(model->interface(), "tr.org.pardus.comar.Test.Model");

    const auto* set = model->find_method("setRule");
    ASSERT_NE(set, nullptr);
    EXPECT_EQ(set->in_signature(), "si");
    EXPECT_EQ(set->out_signature(), "a{ss}");
    EXPECT_EQ(set->in.at(1).name, "position");
    EXPECT_EQ(set->action, "tr.org.pardus.comar.net.filter.set");
    EXPECT_FALSE(set->open);

    const auto* get = model->find_method("getRules");
    ASSERT_NE(get, nullptr);
    EXPECT_TRUE(get->open);
    EXPECT_EQ(get->action, std::nullopt);
    EXPECT_EQ(get->out.at(0).name, "");

    const auto* flush = model->find_method("flush");
    ASSERT_NE(flush, nullptr);
    EXPECT_FALSE(flush->open) << "without an annotation a method needs authorization";
    EXPECT_EQ(flush->action, std::nullopt);

    ASSERT_NE(model->find_signal("Changed"), nullptr);
    EXPECT_EQ(model->find_signal("Changed")->signature(), "su");
    EXPECT_EQ(model->find_method("Changed"), nullptr);
    EXPECT_EQ(model->find_signal("changed"), nullptr);
}

TEST(ModelTest, PassesOverDocumentationAndOtherAnnotations) {
    const auto model = parse_model(
        "<?xml version=\"1.0\"?><!DOCTYPE node><!-- x --><node xmlns:doc=\"d\"><doc:doc/>"
        "<interface name=\"tr.org.pardus.comar.M\"><annotation name=\"a\" value=\"b\"/><doc:doc/>"
        "<method name=\"m\"><doc:doc><doc:para>words</doc:para></doc:doc></method>"
        "<signal name=\"s\"><annotation name=\"a\" value=\"b\"/></signal></interface></node>",
        "x.xml");
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->methods.size(), 1U);
    EXPECT_EQ(model->signals.size(), 1U);
}

TEST(ModelTest, BrokenXmlIsNamedWithItsLine) {
    const auto message = error_of("<node>\n\n<interface name=\"x\"></node>");
    EXPECT_TRUE(message.starts_with("cannot load x.xml, line 3: ")) << message;
}

TEST(ModelTest, ErrorsNameTheLineOfTheElement) {
    EXPECT_EQ(error_of(with("<method name=\"a\"/>\n<method name=\"b-c\"/>\n")),
              "cannot load x.xml, line 4: 'b-c' cannot be the name of a method");
}

TEST(ModelTest, RefusesDocumentsThatAreNoModel) {
    for (const char* text : {
             "",
             "words",
             "<node/>",
             "<interface name=\"tr.org.pardus.comar.M\"/>",
             "<node><interface/></node>",
             "<node><interface name=\"org.example.M\"/></node>",
             "<node><interface name=\"tr.org.pardus.comar.\"/></node>",
             "<node><interface name=\"tr.org.pardus.comar\"/></node>",
             "<node><interface name=\"tr.org.pardus.comar.a/b\"/></node>",
             "<node><interface name=\"tr.org.pardus.comar.A\"/>"
             "<interface name=\"tr.org.pardus.comar.B\"/></node>",
             "<node><interface name=\"tr.org.pardus.comar.A\"/><node name=\"x\"/></node>",
             "<node><interface name=\"tr.org.pardus.comar.A\"/></node><node/>",
         })
        EXPECT_TRUE(error_of(text).starts_with("cannot load x.xml")) << text;
}

TEST(ModelTest, RefusesMembersThatDBusDoes) {
    for (const char* members : {
             R"(<method/>)",
             R"(<method name=""/>)",
             R"(<method name="1st"/>)",
             R"(<metod name="m"/>)",
             R"(<property name="p" type="s" access="read"/>)",
             R"(<method name="m"><arg type="z"/></method>)",
             R"(<method name="m"><arg/></method>)",
             R"(<method name="m"><arg type="ss"/></method>)",
             R"(<method name="m"><arg type="s" direction="inout"/></method>)",
             R"(<method name="m"><arg name="a b" type="s"/></method>)",
             R"(<method name="m"><argument type="s"/></method>)",
             R"(<method name="m"><arg type="ah"/></method>)",
             R"(<signal name="s"><arg type="s" direction="in"/></signal>)",
             R"(<signal name="s"><method/></signal>)",
         })
        EXPECT_TRUE(error_of(with(members)).starts_with("cannot load x.xml, line 3: ")) << members;
}

TEST(ModelTest, RefusesDuplicates) {
    EXPECT_EQ(error_of(with("<method name=\"m\"/><method name=\"m\"/>")),
              "cannot load x.xml, line 3: the method 'm' is there twice");
    EXPECT_EQ(error_of(with("<signal name=\"s\"/><signal name=\"s\"/>")),
              "cannot load x.xml, line 3: the signal 's' is there twice");
}

TEST(ModelTest, RefusesAnnotationsThatMightOpenAMethodByMistake) {
    const auto annotated = [](const char* annotations) {
        return with(std::string("<method name=\"m\">") + annotations + "</method>");
    };
    for (const char* annotations : {
             R"(<annotation name="tr.org.pardus.comar.Open" value="yes"/>)",
             R"(<annotation name="tr.org.pardus.comar.Open"/>)",
             R"(<annotation name="tr.org.pardus.comar.Action" value=""/>)",
             R"(<annotation name="tr.org.pardus.comar.Action" value="a b"/>)",
             R"(<annotation name="tr.org.pardus.comar.Action" value="a.b"/>
                <annotation name="tr.org.pardus.comar.Action" value="a.c"/>)",
             R"(<annotation name="tr.org.pardus.comar.Action" value="a.b"/>
                <annotation name="tr.org.pardus.comar.Open" value="true"/>)",
         })
        EXPECT_TRUE(error_of(annotated(annotations)).starts_with("cannot load x.xml, line"))
            << annotations;
}

TEST(ModelTest, RefusesWhatIsTooLarge) {
    EXPECT_EQ(error_of(std::string((1U << 20U) + 1, ' ')), "cannot load x.xml: larger than 1 MiB");
    std::string many;
    for (int count = 0; count < 256; ++count) many += "<arg type=\"s\"/>";
    EXPECT_NE(error_of(with("<method name=\"m\">" + many + "</method>")).find("more arguments"),
              std::string::npos);
}

TEST(ModelTest, SurvivesHostileDocuments) {
    std::string deep;
    for (int count = 0; count < 150'000; ++count) deep += "<node>";
    EXPECT_FALSE(parse_model(deep, "x.xml"));
    std::string closed = deep;
    for (int count = 0; count < 50'000; ++count) closed += "</node>";
    EXPECT_FALSE(parse_model(closed, "x.xml"));
    EXPECT_FALSE(parse_model(std::string("<node>\0<interface/></node>", 26), "x.xml"));
    EXPECT_FALSE(
        parse_model("<!DOCTYPE node [<!ENTITY a \"b\"><!ENTITY c \"&a;&a;\">]>"
                    "<node><interface name=\"&c;\"/></node>",
                    "x.xml"));
    EXPECT_FALSE(parse_model(with("<method name=\"\xFF\xFE\"/>"), "x.xml"));
}

TEST(ModelTest, ErrorsAreTextThatABusCanCarry) {
    const auto message = error_of(with("<method name=\"\xFF\"/>"));
    EXPECT_EQ(message, "cannot load x.xml, line 3: '\xEF\xBF\xBD' cannot be the name of a method");
}

}  // namespace
}  // namespace comar::bus
