// SPDX-License-Identifier: MIT
#include "core/dependency_graph.h"

#include <set>

#include <gtest/gtest.h>

#include "unit/core/dependencies.h"

namespace comar {
namespace {

using enum DependencyGraph::Depth;
using Names = std::vector<std::string>;
using test::after;
using test::before;
using test::conflicts;
using test::needs;
using test::wants;

class DependencyGraphTest : public testing::Test {
protected:
    std::string resolved(std::string_view name) {
        const auto app = graph_.resolve(name);
        return app ? *app : app.error().message;
    }

    std::set<std::string> enabled_;
    DependencyGraph graph_{[this](const std::string& app) { return enabled_.contains(app); }};
};

TEST_F(DependencyGraphTest, AnAppIsFoundByItsNameHoweverItIsWritten) {
    graph_.set("my-app", {});
    EXPECT_EQ(resolved("my-app"), "my_app");
    EXPECT_EQ(resolved("my_app"), "my_app");
    EXPECT_EQ(graph_.apps(), Names{"my_app"});
}

TEST_F(DependencyGraphTest, ANameThatNobodyHasIsNotFound) {
    EXPECT_EQ(graph_.resolve("db").error().kind, ErrorKind::not_found);
    graph_.set("web", {needs("db")});
    EXPECT_EQ(graph_.resolve("db").error().kind, ErrorKind::not_found);
    EXPECT_EQ(resolved("db"), "cannot find db: no service has or provides it");
}

TEST_F(DependencyGraphTest, TheOnlyProviderIsMeant) {
    graph_.set("syslog", {}, {"logger"});
    EXPECT_EQ(resolved("logger"), "syslog");
}

TEST_F(DependencyGraphTest, ChoicesThatDoNotDoWhatTheySayAreTold) {
    const auto doubts = [this] {
        std::vector<std::string> all;
        for (const auto& choice : graph_.names().doubtful_choices()) {
            all.push_back(graph_.names().text(choice.name) + "=" +
                          graph_.names().text(choice.provider) + " " + choice.doubt);
        }
        return all;
    };
    graph_.choose("logger", "syslog");
    EXPECT_EQ(doubts(), std::vector<std::string>{"logger=syslog is not registered"});
    EXPECT_EQ(resolved("logger"),
              "cannot find logger: no service has or provides it, and syslog, "
              "which is chosen in [providers] of comard.toml, is not registered");
    graph_.set("syslog", {});
    EXPECT_EQ(doubts(), std::vector<std::string>{
                            "logger=syslog does not say that it provides it (serviceProvides)"});
    graph_.set("syslog", {}, {"logger"});
    EXPECT_TRUE(doubts().empty());
    graph_.set("logger", {});
    EXPECT_EQ(doubts(), std::vector<std::string>{
                            "logger=syslog is passed over, as there is a service of that name"});
    graph_.choose("logger", "logger");
    EXPECT_TRUE(doubts().empty());
}

TEST_F(DependencyGraphTest, OfSeveralProvidersTheOnlyEnabledOneIsMeant) {
    graph_.set("syslog", {}, {"logger"});
    graph_.set("metalog", {}, {"logger"});
    graph_.set("rsyslog", {}, {"logger"});
    EXPECT_EQ(graph_.resolve("logger").error().kind, ErrorKind::invalid);
    EXPECT_EQ(resolved("logger"),
              "cannot tell who is logger: syslog, metalog and rsyslog provide it; choose one in "
              "[providers] of comard.toml");
    graph_.choose("logger", "journal");
    EXPECT_EQ(
        resolved("logger"),
        "cannot tell who is logger: syslog, metalog and rsyslog provide it, and journal, which "
        "is chosen in [providers] of comard.toml, is not registered");
    graph_.choose("logger", "");
    enabled_ = {"metalog"};
    EXPECT_EQ(resolved("logger"), "metalog");
    enabled_ = {"metalog", "syslog"};
    EXPECT_FALSE(graph_.resolve("logger"));
}

TEST_F(DependencyGraphTest, TheAdministratorsChoiceWinsOverWhatIsEnabled) {
    graph_.set("syslog", {}, {"logger"});
    graph_.set("metalog", {}, {"logger"});
    enabled_ = {"metalog"};
    graph_.choose("logger", "syslog");
    EXPECT_EQ(resolved("logger"), "syslog");
    graph_.remove("syslog");
    EXPECT_EQ(resolved("logger"), "metalog") << "who was chosen is gone";
    graph_.set("syslog", {}, {"logger"});
    graph_.choose("logger", "");
    EXPECT_EQ(resolved("logger"), "metalog") << "the choice was taken back";
}

TEST_F(DependencyGraphTest, AnAppOfThatNameWinsOverEveryProvider) {
    graph_.set("syslog", {}, {"logger"});
    graph_.choose("logger", "syslog");
    graph_.set("logger", {});
    EXPECT_EQ(resolved("logger"), "logger");
    graph_.remove("logger");
    EXPECT_EQ(resolved("logger"), "syslog");
}

TEST_F(DependencyGraphTest, OneWhoIsChosenNeedNotSayThatItProvides) {
    graph_.set("old", {});
    graph_.set("web", {needs("logger")});
    graph_.choose("logger", "old");
    EXPECT_EQ(resolved("logger"), "old");
    EXPECT_EQ(graph_.dependents("old", direct), Names{"web"});
}

TEST_F(DependencyGraphTest, WhatIsNeededIsToldDirectlyAndThroughOthers) {
    graph_.set("web", {needs("db"), wants("cache"), needs("db")});
    graph_.set("db", {needs("disk"), after("clock")});
    graph_.set("disk", {});
    graph_.set("cache", {});
    EXPECT_EQ(graph_.needs("web", direct), Names{"db"});
    EXPECT_EQ(graph_.needs("web", transitive), (Names{"db", "disk"}));
    EXPECT_EQ(graph_.dependents("disk", direct), Names{"db"});
    EXPECT_EQ(graph_.dependents("disk", transitive), (Names{"db", "web"}));
    EXPECT_EQ(graph_.dependents("nobody", transitive), Names{});
}

TEST_F(DependencyGraphTest, PredecessorsAreWhatIsToStartBefore) {
    graph_.set("web", {needs("db"), wants("cache"), after("clock"), before("login"),
                       conflicts("apache"), after("nobody")});
    graph_.set("network", {before("web")});
    for (const char* app : {"db", "cache", "clock", "login", "apache"}) graph_.set(app, {});
    EXPECT_EQ(graph_.predecessors("web"), (Names{"db", "cache", "clock", "network"}));
    EXPECT_EQ(graph_.predecessors("login"), Names{"web"});
}

TEST_F(DependencyGraphTest, AnAppMayComeAfterThoseThatNeedItAndGo) {
    graph_.set("web", {needs("db")});
    EXPECT_EQ(graph_.needs("web", direct), Names{});
    graph_.set("db", {});
    EXPECT_EQ(graph_.needs("web", direct), Names{"db"});
    graph_.remove("db");
    EXPECT_EQ(graph_.needs("web", direct), Names{});
    graph_.remove("web");
    EXPECT_EQ(graph_.apps(), Names{});
    EXPECT_TRUE(graph_.edges("web").empty());
}

TEST_F(DependencyGraphTest, WhatAnAppSaysAnewReplacesWhatItSaid) {
    graph_.set("db", {});
    graph_.set("syslog", {}, {"logger"});
    graph_.set("web", {needs("db"), needs("logger")}, {"httpd"});
    graph_.set("web", {needs("logger")});
    EXPECT_EQ(graph_.dependents("db", direct), Names{});
    EXPECT_EQ(graph_.dependents("syslog", direct), Names{"web"});
    EXPECT_FALSE(graph_.resolve("httpd"));
}

TEST_F(DependencyGraphTest, NamesThatLeadNowhereAreToldWithTheReason) {
    graph_.set("exim", {}, {"mta"});
    graph_.set("postfix", {}, {"mta"});
    graph_.set("web", {needs("nobody"), after("exim"), wants("mta")});
    const auto unresolved = graph_.unresolved_names("web");
    ASSERT_EQ(unresolved.size(), 2U);
    EXPECT_EQ(unresolved[0].edge.to, "nobody");
    EXPECT_EQ(unresolved[0].error.kind, ErrorKind::not_found);
    EXPECT_EQ(unresolved[1].edge.to, "mta");
    EXPECT_EQ(unresolved[1].error.kind, ErrorKind::invalid);
}

TEST_F(DependencyGraphTest, AnOrderWithAnUndecidedNameIsMeantForAllWhoProvideIt) {
    graph_.set("wired", {}, {"network"});
    graph_.set("wireless", {after("network")}, {"network"});
    graph_.set("web", {after("network"), needs("network")});
    EXPECT_EQ(graph_.predecessors("web"), (Names{"wired", "wireless"}));
    EXPECT_EQ(graph_.predecessors("wireless"), Names{"wired"});
    EXPECT_EQ(graph_.needs("web", direct), Names{});
}

TEST_F(DependencyGraphTest, WhoProvidesANameAndConflictsWithItConflictsWithTheOthers) {
    graph_.set("exim", {conflicts("mta")}, {"mta"});
    graph_.set("postfix", {}, {"mta"});
    const NameId exim = *graph_.app_of("exim");
    const NameId postfix = *graph_.app_of("postfix");
    ASSERT_EQ(graph_.conflicting(exim).size(), 1U);
    EXPECT_EQ(graph_.conflicting(exim)[0].app, postfix);
    ASSERT_EQ(graph_.conflicting(postfix).size(), 1U);
    EXPECT_EQ(graph_.conflicting(postfix)[0].app, exim);
}

TEST_F(DependencyGraphTest, AStartBringsUpWhatItNeedsWantsAndAsksForByCodeAndNothingElse) {
    Dependency called = after("disk");
    called.origin = "call";
    for (const char* app : {"db", "cache", "disk", "clock", "old"}) graph_.set(app, {});
    graph_.set("network", {before("web")});
    graph_.set("web", {needs("db"), wants("cache"), called, after("clock"), conflicts("old")});
    std::set<std::string> names;
    for (const auto& [app, edge] : graph_.brought_up_by(*graph_.app_of("web"))) {
        names.insert(graph_.names().text(app));
    }
    EXPECT_EQ(names, (std::set<std::string>{"cache", "db", "disk"}));
}

TEST(DependencyTest, StatementsAreToldWithTheirPlace) {
    Dependency edge = needs("logger", "/etc/web.py", 12);
    edge.from = "web";
    EXPECT_EQ(describe(edge), "web needs logger (/etc/web.py:12)");
    EXPECT_EQ(describe(edge, "syslog"), "web needs logger, which is syslog (/etc/web.py:12)");
    EXPECT_EQ(describe(edge, "logger"), "web needs logger (/etc/web.py:12)");
    edge.line = 0;
    EXPECT_EQ(describe(edge), "web needs logger (/etc/web.py)");
    edge.file.clear();
    edge.origin = "learned";
    EXPECT_EQ(describe(edge), "web needs logger (learned)");
    edge.origin.clear();
    EXPECT_EQ(describe(edge), "web needs logger");
}

TEST(DependencyTest, EveryKindIsReadAsItIsWritten) {
    for (const auto kind : all_dependency_kinds) {
        EXPECT_EQ(parse_dependency_kind(to_string(kind)), kind);
    }
    EXPECT_EQ(parse_dependency_kind("requires"), std::nullopt);
}

}  // namespace
}  // namespace comar
