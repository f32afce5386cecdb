// SPDX-License-Identifier: MIT
#include "cli/service_graph.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/graph_dot.h"
#include "cli/graph_tree.h"

namespace comar::cli {
namespace {

using Json = nlohmann::ordered_json;

Json edge(const char* from, const char* to, const char* app, const char* kind, int line = 3) {
    return {{"from", from},
            {"to", to},
            {"app", app == nullptr ? Json() : Json(app)},
            {"kind", kind},
            {"origin", kind == std::string("needs") ? "serviceRequires" : kind},
            {"file", std::string("/s/") + from + ".py"},
            {"line", line}};
}

Json service(const char* state, const std::vector<std::string>& provides = {}) {
    return {{"state", state}, {"start_up", "on"}, {"provides", provides}};
}

/// web requires db and follows logger (as rsyslog); db wants mail, which nobody provides.
Json field() {
    return {{"services",
             {{"alone", service("stopped")},
              {"db", service("failed")},
              {"early", service("running")},
              {"rsyslog", service("running", {"logger"})},
              {"shop", service("stopped")},
              {"web", service("running", {"httpd"})},
              {"web2", service("stopped")}}},
            {"edges",
             {edge("web", "db", "db", "needs"), edge("web", "logger", "rsyslog", "after"),
              edge("db", "rsyslog", "rsyslog", "wants"), edge("db", "mail", nullptr, "wants"),
              edge("early", "db", "db", "before"), edge("web2", "web", "web", "conflicts"),
              edge("shop", "logger", "rsyslog", "needs"), edge("web", "db", "db", "after", 9)}},
            {"names",
             {{"httpd", {{"app", "web"}, {"why", ""}}},
              {"logger", {{"app", "rsyslog"}, {"why", ""}}}}}};
}

ServiceGraph graph_of(const Json& document) {
    const auto graph = read_graph(document);
    EXPECT_TRUE(graph);
    return graph ? *graph : ServiceGraph();
}

TEST(ServiceGraphTest, WhatIsNoGraphIsRefusedAndBrokenPartsAreLeftOut) {
    EXPECT_FALSE(read_graph(Json::parse("{", nullptr, false)));
    EXPECT_FALSE(read_graph(Json::array()));
    EXPECT_FALSE(read_graph({{"services", Json::object()}}));
    const ServiceGraph graph =
        graph_of({{"services", {{"a", nullptr}}},
                  {"edges", {1, {{"from", "ghost"}}, edge("a", "b", "b", "needs")}}});
    EXPECT_EQ(graph.services.size(), 1U);
    EXPECT_TRUE(graph.edges.empty());
}

TEST(ServiceGraphTest, RelatedIsWhatItNeedsAndWhatNeedsItButNotTheirOthers) {
    const ServiceGraph graph = graph_of(field());
    EXPECT_EQ(related_to(graph, "db"), (std::set<std::string>{"db", "early", "rsyslog", "web"}));
    EXPECT_EQ(related_to(graph, "rsyslog"),
              (std::set<std::string>{"db", "rsyslog", "shop", "web"}));
    EXPECT_EQ(related_to(graph, "web2"), (std::set<std::string>{"web", "web2"}));
    EXPECT_EQ(related_to(graph, "alone"), (std::set<std::string>{"alone"}));
}

TEST(ServiceGraphTest, AVirtualNameMeansWhoProvidesIt) {
    const ServiceGraph graph = graph_of(field());
    EXPECT_EQ(resolve(graph, "web"), "web");
    EXPECT_EQ(resolve(graph, "httpd"), "web");
    EXPECT_EQ(resolve(graph, "nobody").error().kind, ErrorKind::not_found);
}

/// alone and web2 provide mail as well, and nobody has chosen; or web2 has been.
TEST(ServiceGraphTest, WhoOfSeveralIsMeantIsWhatComardSays) {
    Json document = field();
    document["services"]["alone"]["provides"] = {"mail"};
    document["services"]["web2"]["provides"] = {"mail"};
    document["names"]["mail"] = {{"app", "web2"}, {"why", ""}};
    EXPECT_EQ(resolve(graph_of(document), "mail"), "web2");
    document["names"]["mail"] = {{"app", nullptr}, {"why", "alone and web2 provide it; choose"}};
    const ServiceGraph graph = graph_of(document);
    EXPECT_EQ(resolve(graph, "mail").error().message, "alone and web2 provide it; choose");
    const auto shows = [&](const std::string& text, const char* part) {
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
    };
    shows(graph_tree(graph, "", {}), "wants mail: alone and web2 provide it; choose  /s/db.py:3");
    shows(graph_dot(graph), "\"mail: alone and web2 provide it; choose\" [style=dashed");
}

TEST(ServiceGraphTest, WhatIsKeptOfTheDocumentIsAsItCame) {
    const Json kept = keep_only(field(), {"db", "rsyslog"});
    EXPECT_EQ(kept["services"].size(), 2U);
    EXPECT_EQ(kept["services"]["db"], service("failed"));
    EXPECT_EQ(kept["edges"], (Json{edge("db", "rsyslog", "rsyslog", "wants"),
                                   edge("db", "mail", nullptr, "wants")}));
}

TEST(GraphTreeTest, EachIsExpandedOnceWithTheOriginOfEveryWord) {
    EXPECT_EQ(graph_tree(graph_of(field()), "", {}),
              "shop stopped\n"
              "└─ requires logger: rsyslog running  /s/shop.py:3 serviceRequires\n"
              "web running\n"
              "├─ requires, follows db failed  /s/web.py:3 serviceRequires, /s/web.py:9 after\n"
              "│  ├─ wants rsyslog running  /s/db.py:3 wants\n"
              "│  ├─ wants mail: nobody provides it  /s/db.py:3 wants\n"
              "│  └─ follows early running  /s/early.py:3 before\n"
              "└─ follows logger: rsyslog running  /s/web.py:3 after\n"
              "web2 stopped\n"
              "└─ conflicts with web running  /s/web2.py:3 conflicts\n"
              "alone stopped\n");
}

TEST(GraphTreeTest, CirclesEnd) {
    const Json document{{"services", {{"a", service("stopped")}, {"b", service("stopped")}}},
                        {"edges",
                         {edge("a", "b", "b", "needs"), edge("b", "a", "a", "needs"),
                          edge("a", "a", "a", "after")}}};
    EXPECT_EQ(graph_tree(graph_of(document), "", {}),
              "a stopped\n"
              "├─ requires b stopped  /s/a.py:3 serviceRequires\n"
              "│  └─ requires a stopped  /s/b.py:3 serviceRequires …\n"
              "└─ follows a stopped  /s/a.py:3 after …\n");
}

TEST(GraphDotTest, StringsHaveNeitherEscapesNorEntities) {
    EXPECT_EQ(dot_text("web"), "\"web\"");
    EXPECT_EQ(dot_text("a\"];b\\"), "\"a\\\"];b\\\\\"");
    EXPECT_EQ(dot_text("\\N&lt;\n"), "\"\\\\N&amp;lt;\\\\n\"");
}

TEST(GraphDotTest, NodesHaveTheColorOfTheirStateAndEdgesTheStyleOfTheirKind) {
    const std::string text = graph_dot(graph_of(field()));
    const auto has = [&](std::string_view part) {
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
    };
    has("\"db\" [label=\"db\", fillcolor=\"#f4b6b2\"");
    has("\"web\" [label=\"web\\n(httpd)\", fillcolor=\"#bfe3c6\"");
    has("\"web\" -> \"db\" [style=solid");
    has("\"db\" -> \"rsyslog\" [style=dashed");
    has("\"db\" -> \"early\" [style=dotted");
    has("\"nobody provides mail\" [style=dashed");
    has("cluster_legend");
    has("tooltip=\"web needs db: /s/web.py:3 serviceRequires\"");
}

}  // namespace
}  // namespace comar::cli
