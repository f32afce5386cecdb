// SPDX-License-Identifier: MIT
#include "core/dependency_contradictions.h"

#include <map>
#include <set>

#include "core/dependency_reach.h"

namespace comar {
namespace {

using Link = DependencyGraph::Link;

class Finder {
public:
    Finder(const DependencyGraph& graph, NameId app) : graph_(graph), app_(app) {}

    std::vector<Contradiction> run() {
        about_itself();
        before_and_after();
        wanted_and_conflicting();
        needed_and_conflicting();
        return std::move(found_);
    }

private:
    void about_itself() {
        for (const Link& link : graph_.needed_by(app_)) {
            if (link.app == app_) add({{link.edge, app_}}, {});
        }
        for (const Link& link : graph_.said(app_, DependencyKind::conflicts)) {
            if (link.app == app_) add({{link.edge, app_}}, {});
        }
    }

    void before_and_after() {
        std::map<NameId, Link> later;
        for (const Link& link : graph_.said(app_, DependencyKind::before)) {
            later.emplace(link.app, link);
        }
        std::set<NameId> told;
        for (const Link& link : graph_.preceding(app_)) {
            const auto other = later.find(link.app);
            // What the other one says about the order is a circle, and told as one.
            if (other == later.end() || link.edge->kind == DependencyKind::before) continue;
            if (told.insert(link.app).second) {
                add({{link.edge, link.app}}, {other->second.edge, link.app});
            }
        }
    }

    void wanted_and_conflicting() {
        std::map<NameId, Link> conflicts;
        for (const Link& link : graph_.conflicting(app_)) conflicts.emplace(link.app, link);
        for (const Link& link : graph_.wanted_by(app_)) {
            const auto other = conflicts.find(link.app);
            if (other == conflicts.end() || link.app == app_) continue;
            add({{link.edge, link.app}}, conflict(app_, other->second));
        }
    }

    /// Whoever needs the app needs what the app needs. So where that conflicts with anything else
    /// that one of them needs, the app has a part in it; and no other way leads there.
    void needed_and_conflicting() {
        const DependencyReach above(graph_, &DependencyGraph::needing, {app_});
        const DependencyReach below(graph_, &DependencyGraph::needed_by, {app_});
        const DependencyReach beside(graph_, &DependencyGraph::needed_by, above.apps());
        std::set<std::pair<NameId, NameId>> told;
        for (const NameId one : below.apps()) {
            for (const Link& link : graph_.conflicting(one)) {
                const NameId other = link.app;
                if (other == one || !beside.contains(other)) continue;
                if (told.contains({other, one}) || !told.insert({one, other}).second) continue;
                const bool within = below.contains(other);
                Statements way =
                    within ? statements(below.way(other)) : down_to_app(above, beside, other);
                for (const Statement& more : statements(below.way(one))) way.push_back(more);
                if (!within) {
                    for (const Statement& more : statements(beside.way(other))) way.push_back(more);
                }
                add(way, conflict(one, link));
            }
        }
    }

    struct Statement {
        const Dependency* edge;
        NameId to;
    };
    using Statements = std::vector<Statement>;

    static Statements statements(const std::vector<DependencyReach::Hop>& hops) {
        Statements all;
        for (const auto& hop : hops) all.push_back({hop.link.edge, hop.link.app});
        return all;
    }

    /// How the one that needs `other` comes to need the app.
    static Statements down_to_app(const DependencyReach& above, const DependencyReach& beside,
                                  NameId other) {
        const auto hops = above.way(beside.beginning(other));
        Statements all;
        for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
            all.push_back({hop->link.edge, hop->from});
        }
        return all;
    }

    /// The two may be told from either end; who is meant is the one that did not say it.
    [[nodiscard]] Statement conflict(NameId one, const Link& link) const {
        return {link.edge, link.edge->from == graph_.names().text(one) ? link.app : one};
    }

    void add(const Statements& first, Statement but) {
        Contradiction contradiction;
        std::set<const Dependency*> told;  // two ways may have their beginning in common
        const auto tell = [&](const Statement& statement, std::string_view glue) {
            if (!told.insert(statement.edge).second) return;
            if (!contradiction.text.empty()) contradiction.text += glue;
            contradiction.text += describe(*statement.edge, graph_.names().text(statement.to));
            contradiction.edges.push_back(*statement.edge);
        };
        for (const Statement& statement : first) tell(statement, ", ");
        if (but.edge) tell(but, ", but ");
        found_.push_back(std::move(contradiction));
    }

    const DependencyGraph& graph_;
    NameId app_;
    std::vector<Contradiction> found_;
};

}  // namespace

std::vector<Contradiction> contradictions(const DependencyGraph& graph, std::string_view app) {
    const auto id = graph.names().find(app);
    if (!id || !graph.names().is_app(*id)) return {};
    return Finder(graph, *id).run();
}

}  // namespace comar
