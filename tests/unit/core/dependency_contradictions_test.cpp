// SPDX-License-Identifier: MIT
#include "core/dependency_contradictions.h"

#include <gtest/gtest.h>

#include "unit/core/dependencies.h"

namespace comar {
namespace {

using test::after;
using test::before;
using test::conflicts;
using test::needs;
using test::wants;
using Texts = std::vector<std::string>;

Texts found(const DependencyGraph& graph, std::string_view app) {
    Texts texts;
    for (const auto& contradiction : contradictions(graph, app)) {
        texts.push_back(contradiction.text);
    }
    return texts;
}

class DependencyContradictionsTest : public testing::Test {
protected:
    DependencyGraph graph_;
};

TEST_F(DependencyContradictionsTest, OrdinaryStatementsAreNone) {
    graph_.set("web", {needs("db"), after("clock"), before("login"), conflicts("apache")});
    graph_.set("db", {conflicts("mysql")});
    for (const char* app : {"clock", "login", "apache", "mysql"}) graph_.set(app, {});
    for (const std::string& app : graph_.apps()) EXPECT_EQ(found(graph_, app), Texts{}) << app;
    EXPECT_EQ(found(graph_, "nobody"), Texts{});
}

TEST_F(DependencyContradictionsTest, NobodyNeedsOrConflictsWithItself) {
    graph_.set("a", {needs("a", "/a.py", 1), conflicts("a", "/a.py", 2)});
    EXPECT_EQ(found(graph_, "a"), (Texts{"a needs a (/a.py:1)", "a conflicts with a (/a.py:2)"}));
}

TEST_F(DependencyContradictionsTest, NeedsAndConflictsWhoeverSaysIt) {
    graph_.set("web", {needs("db", "/web.py", 3)});
    graph_.set("db", {conflicts("web", "/db.py", 5)});
    const Texts expected{"web needs db (/web.py:3), but db conflicts with web (/db.py:5)"};
    EXPECT_EQ(found(graph_, "web"), expected);
    EXPECT_EQ(found(graph_, "db"), expected);
    graph_.set("db", {});
    graph_.set("web", {needs("db"), conflicts("db")});
    EXPECT_EQ(found(graph_, "web"), Texts{"web needs db, but web conflicts with db"});
}

TEST_F(DependencyContradictionsTest, WantsAndConflicts) {
    graph_.set("web", {wants("cache"), conflicts("cache")});
    graph_.set("cache", {});
    EXPECT_EQ(found(graph_, "web"), Texts{"web wants cache, but web conflicts with cache"});
}

TEST_F(DependencyContradictionsTest, WhatIsNeededThroughOthersCounts) {
    graph_.set("web", {needs("app")});
    graph_.set("app", {needs("db")});
    graph_.set("db", {conflicts("web")});
    const Texts expected{"web needs app, app needs db, but db conflicts with web"};
    EXPECT_EQ(found(graph_, "web"), expected);
    EXPECT_EQ(found(graph_, "app"), expected) << "it stands between";
    EXPECT_EQ(found(graph_, "db"), expected) << "it is at the end";
}

TEST_F(DependencyContradictionsTest, TwoThatOneNeedsMustNotConflict) {
    graph_.set("top", {needs("left"), needs("right")});
    graph_.set("left", {needs("below")});
    graph_.set("below", {conflicts("right")});
    graph_.set("right", {});
    graph_.set("other", {needs("right")});
    EXPECT_EQ(found(graph_, "top"),
              Texts{"top needs left, left needs below, top needs right, but below conflicts with "
                    "right"});
    for (const char* app : {"left", "below", "right"}) {
        EXPECT_EQ(found(graph_, app).size(), 1U) << app;
    }
    EXPECT_EQ(found(graph_, "other"), Texts{}) << "it has no part in it";
}

TEST_F(DependencyContradictionsTest, BeforeAndAfterTheSame) {
    graph_.set("a", {after("b", "/a.py", 1), before("b", "/a.py", 2)});
    graph_.set("b", {});
    EXPECT_EQ(found(graph_, "a"), Texts{"a is to start after b (/a.py:1), but a is to start before "
                                        "b (/a.py:2)"});
}

TEST_F(DependencyContradictionsTest, AVirtualNameIsNoWayAround) {
    graph_.set("web", {needs("mta"), conflicts("exim")});
    graph_.set("exim", {}, {"mta"});
    EXPECT_EQ(found(graph_, "web"),
              Texts{"web needs mta, which is exim, but web conflicts with exim"});
}

TEST_F(DependencyContradictionsTest, WhoConflictsWithTheNameItProvidesIsFine) {
    graph_.set("exim", {conflicts("mta")}, {"mta"});
    graph_.set("postfix", {conflicts("mta")}, {"mta"});
    EXPECT_EQ(found(graph_, "exim"), Texts{});
}

}  // namespace
}  // namespace comar
