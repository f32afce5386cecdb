// SPDX-License-Identifier: MIT
#include "bus/introspection.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <pugixml.hpp>

namespace comar::bus {
namespace {

const Interface sample{
    .name = "org.example.Sample",
    .methods = {{.name = "Get",
                 .in = {{"name", "s"}},
                 .out = {{"", "a{sv}"}},
                 .action = "org.example.get"},
                {.name = "List", .in = {}, .out = {{"names", "as"}}, .open = true}},
    .signals = {{.name = "Changed", .arguments = {{"name", "s"}}}},
    .properties = {{.name = "State", .type = "s"},
                   {.name = "Version",
                    .type = "s",
                    .access = Access::read,
                    .emits_change = EmitsChange::constant}}};

TEST(IntrospectionTest, WritesAnInterface) {
    EXPECT_EQ(interface_xml(sample),
              R"( <interface name="org.example.Sample">
  <method name="Get">
   <arg name="name" type="s" direction="in"/>
   <arg type="a{sv}" direction="out"/>
   <annotation name="tr.org.pardus.comar.Action" value="org.example.get"/>
  </method>
  <method name="List">
   <arg name="names" type="as" direction="out"/>
   <annotation name="tr.org.pardus.comar.Open" value="true"/>
  </method>
  <signal name="Changed">
   <arg name="name" type="s"/>
  </signal>
  <property name="State" type="s" access="read">
   <annotation name="org.freedesktop.DBus.Property.EmitsChangedSignal" value="true"/>
  </property>
  <property name="Version" type="s" access="read">
   <annotation name="org.freedesktop.DBus.Property.EmitsChangedSignal" value="const"/>
  </property>
 </interface>
)");
}

TEST(IntrospectionTest, ADocumentHasTheStandardInterfacesAndTheChildren) {
    const auto own = interface_xml(sample);
    const auto xml = introspection_xml({own}, {"nginx", "my_app"});
    EXPECT_TRUE(
        xml.starts_with("<!DOCTYPE node PUBLIC "
                        "\"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"))
        << xml;
    pugi::xml_document document;
    ASSERT_TRUE(document.load_string(xml.c_str()));
    std::vector<std::string> interfaces;
    std::vector<std::string> children;
    for (const auto& node : document.child("node").children("interface"))
        interfaces.emplace_back(node.attribute("name").value());
    for (const auto& node : document.child("node").children("node"))
        children.emplace_back(node.attribute("name").value());
    EXPECT_EQ(interfaces, (std::vector<std::string>{
                              "org.freedesktop.DBus.Peer", "org.freedesktop.DBus.Introspectable",
                              "org.freedesktop.DBus.Properties", "org.example.Sample"}));
    EXPECT_EQ(children, (std::vector<std::string>{"nginx", "my_app"}));
}

TEST(IntrospectionTest, AModelComesBackFromItsOwnDescription) {
    const auto model = parse_model(
        "<node><interface name=\"tr.org.pardus.comar.T\"><method name=\"m\">"
        "<arg name=\"a\" type=\"a(sb)\"/><arg name=\"b\" type=\"u\" direction=\"out\"/>"
        "<annotation name=\"tr.org.pardus.comar.Action\" value=\"a.b\"/></method>"
        "<signal name=\"s\"><arg name=\"c\" type=\"v\"/></signal></interface></node>",
        "x.xml");
    ASSERT_TRUE(model);
    const auto again = parse_model("<node>" + interface_xml(*model) + "</node>", "again.xml");
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->name, model->name);
    EXPECT_EQ(again->find_method("m")->in_signature(), "a(sb)");
    EXPECT_EQ(again->find_method("m")->out_signature(), "u");
    EXPECT_EQ(again->find_method("m")->action, "a.b");
    EXPECT_EQ(again->find_signal("s")->signature(), "v");
}

TEST(IntrospectionTest, TextIsEscaped) {
    const auto xml = interface_xml(
        Interface{.name = "a.b\"<&>", .methods = {}, .signals = {}, .properties = {}});
    EXPECT_NE(xml.find("name=\"a.b&quot;&lt;&amp;&gt;\""), std::string::npos) << xml;
}

}  // namespace
}  // namespace comar::bus
