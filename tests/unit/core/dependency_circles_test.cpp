// SPDX-License-Identifier: MIT
#include "core/dependency_circles.h"

#include <gtest/gtest.h>

#include "unit/core/dependencies.h"

namespace comar {
namespace {

using test::after;
using test::before;
using test::conflicts;
using test::needs;
using test::wants;

std::string circle(const DependencyGraph& graph, std::string_view app) {
    return describe(circle_through(graph, app));
}

TEST(DependencyCirclesTest, AChainIsNoCircle) {
    DependencyGraph graph;
    graph.set("a", {needs("b")});
    graph.set("b", {needs("c"), conflicts("a")});
    graph.set("c", {before("a")});
    EXPECT_EQ(circle(graph, "a"), "");
    EXPECT_EQ(circle(graph, "nobody"), "");
    EXPECT_TRUE(all_circles(graph).empty());
}

TEST(DependencyCirclesTest, EveryEdgeIsToldWithItsPlace) {
    DependencyGraph graph;
    graph.set("a", {needs("b", "/path/a.py", 12)});
    graph.set("b", {after("c", "/path/b.py", 3)});
    graph.set("c", {wants("a", "/path/c.py", 7)});
    EXPECT_EQ(circle(graph, "a"),
              "a needs b (/path/a.py:12), b is to start after c (/path/b.py:3), c wants a "
              "(/path/c.py:7)");
    EXPECT_EQ(circle(graph, "c").substr(0, 25), "c wants a (/path/c.py:7),");
}

TEST(DependencyCirclesTest, BeforeIsAfterTheOtherWayRound) {
    DependencyGraph graph;
    graph.set("a", {before("b", "/a.py", 1), needs("b", "/a.py", 2)});
    graph.set("b", {});
    EXPECT_EQ(circle(graph, "a"), "a needs b (/a.py:2), a is to start before b (/a.py:1)");
}

TEST(DependencyCirclesTest, AVirtualNameIsToldWithWhoProvidesIt) {
    DependencyGraph graph;
    graph.set("web", {needs("logger")});
    graph.set("syslog", {after("web")}, {"logger"});
    EXPECT_EQ(circle(graph, "web"),
              "web needs logger, which is syslog, syslog is to start after web");
}

TEST(DependencyCirclesTest, OneThatIsToStartAfterItselfIsACircleOfOne) {
    DependencyGraph graph;
    graph.set("a", {after("a", "/a.py", 4)});
    EXPECT_EQ(circle(graph, "a"), "a is to start after a (/a.py:4)");
    EXPECT_EQ(all_circles(graph).size(), 1U);
}

TEST(DependencyCirclesTest, OfTwoTheShorterOneIsTold) {
    DependencyGraph graph;
    graph.set("a", {needs("long"), needs("short")});
    graph.set("long", {needs("longer")});
    graph.set("longer", {needs("a")});
    graph.set("short", {needs("a")});
    EXPECT_EQ(circle(graph, "a"), "a needs short, short needs a");
}

TEST(DependencyCirclesTest, WhoOnlyLeadsToACircleIsInNone) {
    DependencyGraph graph;
    graph.set("way", {needs("a")});
    graph.set("a", {needs("b")});
    graph.set("b", {needs("a")});
    EXPECT_EQ(circle(graph, "way"), "");
    ASSERT_EQ(all_circles(graph).size(), 1U);
    EXPECT_EQ(all_circles(graph)[0].size(), 2U);
}

TEST(DependencyCirclesTest, EachKnotIsToldOnce) {
    DependencyGraph graph;
    graph.set("a", {needs("b")});
    graph.set("b", {needs("a"), needs("c")});
    graph.set("c", {needs("d")});
    graph.set("d", {needs("c")});
    graph.set("e", {});
    EXPECT_EQ(all_circles(graph).size(), 2U);
}

TEST(DependencyCirclesTest, AVeryLongCircleDoesNotExhaustTheStack) {
    DependencyGraph graph;
    constexpr int length = 50'000;
    for (int i = 0; i < length; ++i) {
        graph.set("s" + std::to_string(i), {needs("s" + std::to_string((i + 1) % length))});
    }
    EXPECT_EQ(circle_through(graph, "s7").size(), 50'000U);
    ASSERT_EQ(all_circles(graph).size(), 1U);
    EXPECT_EQ(all_circles(graph)[0].size(), 50'000U);
}

}  // namespace
}  // namespace comar
