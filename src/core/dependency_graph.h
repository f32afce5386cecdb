// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/dependency.h"
#include "core/dependency_names.h"
#include "core/result.h"

namespace comar {

/// What the services say about each other.
///
/// Names become apps when they are asked about, never before: an app may come after those that
/// need it, and who provides a virtual name may change with what is enabled. Statements about
/// names that nobody has lead nowhere. A virtual name of which nobody can tell who is meant leads
/// nowhere for `needs` and `wants`, and to all who provide it for `after` and `before`; `conflicts`
/// with a virtual name always means all others who provide it.
///
/// Who looks for circles and contradictions, or makes plans, stands in files of his own and walks
/// the graph by numbers: see the second half of the class.
class DependencyGraph {
public:
    /// `is_enabled` helps to tell which of several providers is meant; empty: none is enabled.
    explicit DependencyGraph(DependencyNames::IsEnabled is_enabled = {})
        : names_(std::move(is_enabled)) {}

    /// Adds an app, or replaces all that it has said before. `from` of the edges becomes the app.
    void set(std::string_view app, std::vector<Dependency> edges,
             const std::vector<std::string>& provides = {});
    /// The same for an app that is there, which goes on providing what it does.
    void set_edges(std::string_view app, std::vector<Dependency> edges);
    void remove(std::string_view app);

    /// The administrator's choice of who is meant by a virtual name; an empty one takes it back.
    void choose(std::string_view virtual_name, std::string_view provider);

    /// The app that a name stands for: an app of that name; else the chosen provider; else the only
    /// one; else the only enabled one. Fails with not_found, or names the candidates (invalid).
    [[nodiscard]] Result<std::string> resolve(std::string_view name) const;

    /// All apps, in the order in which their names were first heard of.
    [[nodiscard]] std::vector<std::string> apps() const;
    /// What the app itself says; empty for an unknown one.
    [[nodiscard]] std::vector<Dependency> edges(std::string_view app) const;

    /// A statement whose name leads to no app, and why. Harmless but for `needs`.
    struct Unresolved {
        Dependency edge;
        Error error;
    };
    [[nodiscard]] std::vector<Unresolved> unresolved_names(std::string_view app) const;

    enum class Depth { direct, transitive };
    /// Apps that it needs, without itself.
    [[nodiscard]] std::vector<std::string> needs(std::string_view app, Depth depth) const;
    /// Apps that need it, without itself.
    [[nodiscard]] std::vector<std::string> dependents(std::string_view app, Depth depth) const;
    /// Apps that start before it where both start: what it needs, wants or is to start after, and
    /// what is to start before it.
    [[nodiscard]] std::vector<std::string> predecessors(std::string_view app) const;

    // The same by numbers. A link holds until the graph is changed.

    struct Link {
        NameId app;              ///< the one at the other end
        const Dependency* edge;  ///< why; said by either of the two
    };
    using Links = std::vector<Link>;
    /// A way to walk, such as &DependencyGraph::needing.
    using Follow = Links (DependencyGraph::*)(NameId) const;

    [[nodiscard]] const DependencyNames& names() const { return names_; }
    /// Nothing for an unknown or undecided one.
    [[nodiscard]] std::optional<NameId> app_of(std::string_view name) const;
    [[nodiscard]] std::vector<NameId> app_ids() const;

    /// What the app itself says, of one kind.
    [[nodiscard]] Links said(NameId app, DependencyKind kind) const;
    [[nodiscard]] Links needed_by(NameId app) const { return said(app, DependencyKind::needs); }
    [[nodiscard]] Links wanted_by(NameId app) const { return said(app, DependencyKind::wants); }
    [[nodiscard]] Links needing(NameId app) const { return heard(app, DependencyKind::needs); }
    /// Who must start before it.
    [[nodiscard]] Links preceding(NameId app) const;
    /// Whom its start brings up: what it needs and wants, and what it asks for in its code.
    [[nodiscard]] Links brought_up_by(NameId app) const;
    /// Whoever of the two says it.
    [[nodiscard]] Links conflicting(NameId app) const;
    /// The first name that it needs and that leads to no app; nullptr: there is none.
    [[nodiscard]] const Dependency* unmet_need(NameId app) const;

private:
    struct Edge {
        Dependency text;
        NameId to;
    };
    struct Incoming {
        NameId from;
        std::size_t edge;  ///< which one of those of `from`
    };

    /// What others say about the app, of one kind.
    [[nodiscard]] Links heard(NameId app, DependencyKind kind) const;
    [[nodiscard]] std::vector<NameId> targets(NameId from, const Edge& edge) const;
    void forget_edges(NameId app);
    void make_room();
    [[nodiscard]] std::vector<std::string> others(std::string_view app, Follow follow,
                                                  Depth depth) const;

    DependencyNames names_;
    std::vector<std::vector<Edge>> edges_;         ///< by the number of who says it
    std::vector<std::vector<Incoming>> incoming_;  ///< by the number of the name as written
};

}  // namespace comar
