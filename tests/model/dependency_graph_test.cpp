// SPDX-License-Identifier: MIT
#include "core/dependency_graph.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "core/dependency_circles.h"
#include "core/dependency_contradictions.h"
#include "model/random_services.h"

namespace comar {
namespace {

using test::History;
using Pairs = std::set<std::pair<std::string, std::string>>;

/// All statements of a graph without virtual names, as pairs of names.
struct Statements {
    explicit Statements(const DependencyGraph& graph) : apps(graph.apps()) {
        for (const std::string& app : apps) {
            for (const Dependency& edge : graph.edges(app)) add(edge);
        }
    }
    void add(const Dependency& edge) {
        if (edge.kind == DependencyKind::conflicts) {
            conflicts.insert({edge.from, edge.to});
            conflicts.insert({edge.to, edge.from});
        } else if (edge.kind == DependencyKind::before) {
            order.insert({edge.to, edge.from});
        } else {
            order.insert({edge.from, edge.to});
        }
        if (edge.kind == DependencyKind::needs) needs.insert({edge.from, edge.to});
    }

    std::vector<std::string> apps;
    Pairs order;  ///< later, earlier
    Pairs needs;
    Pairs conflicts;
};

/// How many edges lead from each to each other one at least; nothing where none do.
std::map<std::pair<std::string, std::string>, std::size_t> distances(
    const std::vector<std::string>& apps, const Pairs& edges) {
    std::map<std::pair<std::string, std::string>, std::size_t> known;
    for (const auto& edge : edges) known[edge] = 1;
    for (const auto& middle : apps) {
        for (const auto& from : apps) {
            for (const auto& to : apps) {
                const auto first = known.find({from, middle});
                const auto second = known.find({middle, to});
                if (first == known.end() || second == known.end()) continue;
                const std::size_t length = first->second + second->second;
                const auto [found, is_new] = known.try_emplace({from, to}, length);
                found->second = std::min(found->second, length);
            }
        }
    }
    return known;
}

void expect_to_close(const Circle& circle, const DependencyGraph& graph) {
    for (std::size_t i = 0; i < circle.size(); ++i) {
        const auto& [later, earlier, edge] = circle[i];
        EXPECT_EQ(earlier, circle[(i + 1) % circle.size()].later);
        const auto said = graph.edges(edge.from);
        EXPECT_NE(std::find(said.begin(), said.end(), edge), said.end()) << describe(edge);
        const bool is_before = edge.kind == DependencyKind::before;
        EXPECT_EQ(later, is_before ? edge.to : edge.from);
        EXPECT_EQ(earlier, is_before ? edge.from : edge.to);
        EXPECT_NE(edge.kind, DependencyKind::conflicts);
    }
}

TEST(DependencyModel, CirclesAreFoundWhereThereAreAnyAndAreShortest) {
    test::with_seeds(300, [](History& history) {
        DependencyGraph graph;
        fill(graph, history, {2 + history.below(9), 1 + history.below(3), true, true});
        const Statements statements(graph);
        const auto known = distances(statements.apps, statements.order);
        bool any = false;
        for (const std::string& app : statements.apps) {
            const Circle circle = circle_through(graph, app);
            const auto length = known.find({app, app});
            EXPECT_EQ(circle.size(), length == known.end() ? 0 : length->second) << app;
            if (!circle.empty()) {
                EXPECT_EQ(circle.front().later, app);
                any = true;
            }
            expect_to_close(circle, graph);
        }
        const auto all = all_circles(graph);
        EXPECT_EQ(!all.empty(), any);
        for (const Circle& circle : all) {
            EXPECT_FALSE(circle.empty());
            expect_to_close(circle, graph);
        }
    });
}

TEST(DependencyModel, CirclesOfAThousandServicesAreFoundAndOnlyThose) {
    test::with_seeds(10, [](History& history) {
        DependencyGraph graph;
        fill(graph, history, {1000, 10, false, false});
        EXPECT_TRUE(all_circles(graph).empty());
        const std::size_t low = history.below(500);
        const auto above = graph.dependents(test::service(low), DependencyGraph::Depth::transitive);
        if (above.empty()) return;
        auto edges = graph.edges(test::service(low));
        edges.push_back({"", history.pick(above), DependencyKind::after, "/new.py", 7, ""});
        graph.set(test::service(low), edges);
        const Circle circle = circle_through(graph, test::service(low));
        EXPECT_GE(circle.size(), 2U);
        expect_to_close(circle, graph);
        EXPECT_NE(describe(circle).find("/new.py:7"), std::string::npos);
        EXPECT_EQ(all_circles(graph).size(), 1U);
    });
}

/// One that needs `app`, or it itself, needs two that conflict, one of them through the app.
bool has_conflict(const Statements& statements, const std::string& app) {
    auto known = distances(statements.apps, statements.needs);
    for (const std::string& each : statements.apps) known.try_emplace({each, each}, 0);
    for (const auto& [one, other] : statements.conflicts) {
        if (one == other || !known.contains({app, one})) continue;
        for (const std::string& root : statements.apps) {
            if (known.contains({root, app}) && known.contains({root, other})) return true;
        }
    }
    return false;
}

TEST(DependencyModel, ContradictionsAreFoundWhereThereAreAny) {
    std::size_t found = 0;
    test::with_seeds(300, [&](History& history) {
        DependencyGraph graph;
        fill(graph, history, {2 + history.below(8), 2, history.coin(), true});
        const Statements statements(graph);
        for (const std::string& app : statements.apps) {
            bool told = false;
            for (const auto& contradiction : contradictions(graph, app)) {
                const auto& edges = contradiction.edges;
                told =
                    told || (edges.size() > 1 && edges.back().kind == DependencyKind::conflicts &&
                             edges.front().kind == DependencyKind::needs);
                for (const Dependency& edge : edges) {
                    const auto said = graph.edges(edge.from);
                    EXPECT_NE(std::find(said.begin(), said.end(), edge), said.end());
                }
            }
            found += told ? 1 : 0;
            EXPECT_EQ(told, has_conflict(statements, app)) << app;
        }
    });
    EXPECT_GT(found, 20U) << "the test tests nothing";
}

/// A graph that lives: apps come, change and go, and every answer is that of one made anew.
TEST(DependencyModel, AGraphThatWasChangedIsLikeOneMadeAnew) {
    test::with_seeds(200, [](History& history) {
        const test::RandomServices wanted{6, 3, true, true};
        std::set<std::string> enabled;
        const auto is_enabled = [&](const std::string& app) { return enabled.contains(app); };
        DependencyGraph graph(is_enabled);
        std::map<std::string, std::pair<std::vector<Dependency>, std::vector<std::string>>> said;
        std::map<std::string, std::string> choices;
        const auto name = [&] {
            return history.coin() ? "v" + std::to_string(history.below(2))
                                  : test::service(history.below(6));
        };
        for (int step = 0; step < 30; ++step) {
            const std::string app = test::service(history.below(6));
            if (history.one_in(4)) {
                graph.remove(app);
                said.erase(app);
            } else if (history.one_in(4)) {
                choices["v0"] = history.coin() ? app : "";
                graph.choose("v0", choices["v0"]);
            } else if (history.one_in(4)) {
                if (!enabled.insert(app).second) enabled.erase(app);
            } else {
                auto& [edges, provides] = said[app] = {};
                for (std::size_t i = history.below(4); i > 0; --i) {
                    edges.push_back(random_statement(history, wanted, history.below(6)));
                    edges.back().to = name();
                }
                if (history.coin()) provides.push_back("v" + std::to_string(history.below(2)));
                graph.set(app, edges, provides);
            }
        }
        DependencyGraph anew(is_enabled);
        for (const auto& [virtual_name, app] : choices) anew.choose(virtual_name, app);
        for (const auto& [app, all] : said) anew.set(app, all.first, all.second);
        const auto sorted = [](std::vector<std::string> names) {
            std::sort(names.begin(), names.end());
            return names;
        };
        EXPECT_EQ(sorted(graph.apps()), sorted(anew.apps()));
        for (const char* each : {"v0", "v1", "s0", "s5"}) {
            EXPECT_EQ(graph.resolve(each).value_or("none"), anew.resolve(each).value_or("none"));
        }
        for (const std::string& app : graph.apps()) {
            for (const auto depth :
                 {DependencyGraph::Depth::direct, DependencyGraph::Depth::transitive}) {
                EXPECT_EQ(sorted(graph.needs(app, depth)), sorted(anew.needs(app, depth)));
                EXPECT_EQ(sorted(graph.dependents(app, depth)),
                          sorted(anew.dependents(app, depth)));
            }
            EXPECT_EQ(sorted(graph.predecessors(app)), sorted(anew.predecessors(app)));
            EXPECT_EQ(circle_through(graph, app).size(), circle_through(anew, app).size());
            EXPECT_EQ(graph.unresolved_names(app).size(), anew.unresolved_names(app).size());
            // The two ends of a need see each other.
            for (const auto& needed : graph.needs(app, DependencyGraph::Depth::direct)) {
                const auto back = graph.dependents(needed, DependencyGraph::Depth::direct);
                EXPECT_NE(std::find(back.begin(), back.end(), app), back.end());
            }
        }
    });
}

}  // namespace
}  // namespace comar
