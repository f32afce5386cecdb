// SPDX-License-Identifier: MIT
#include "core/dependency_graph.h"

#include <algorithm>

#include "core/dependency_reach.h"

namespace comar {

void DependencyGraph::set(std::string_view app, std::vector<Dependency> edges,
                          const std::vector<std::string>& provides) {
    const NameId id = names_.add(app);
    names_.set_app(id, provides);
    make_room();
    set_edges(app, std::move(edges));
}

void DependencyGraph::set_edges(std::string_view app, std::vector<Dependency> edges) {
    const auto id = names_.find(app);
    if (!id || !names_.is_app(*id)) return;
    forget_edges(*id);
    for (Dependency& edge : edges) {
        edge.from = names_.text(*id);
        const NameId to = names_.add(edge.to);
        make_room();
        incoming_[index(to)].push_back({*id, edges_[index(*id)].size()});
        edges_[index(*id)].push_back({std::move(edge), to});
    }
}

void DependencyGraph::remove(std::string_view app) {
    const auto id = names_.find(app);
    if (!id) return;
    names_.remove_app(*id);
    forget_edges(*id);
}

void DependencyGraph::choose(std::string_view virtual_name, std::string_view provider) {
    names_.choose(virtual_name, provider);
    make_room();
}

Result<std::string> DependencyGraph::resolve(std::string_view name) const {
    const auto id = names_.find(name);
    if (!id) {
        return failure(ErrorKind::not_found,
                       "cannot find " + std::string(name) + ": no service has or provides it");
    }
    if (const auto app = names_.app_of(*id)) return names_.text(*app);
    return Failure(names_.why_no_app(*id));
}

std::vector<std::string> DependencyGraph::apps() const {
    std::vector<std::string> all;
    for (const NameId app : app_ids()) all.push_back(names_.text(app));
    return all;
}

std::vector<Dependency> DependencyGraph::edges(std::string_view app) const {
    std::vector<Dependency> all;
    if (const auto id = names_.find(app); id && names_.is_app(*id)) {
        for (const Edge& edge : edges_[index(*id)]) all.push_back(edge.text);
    }
    return all;
}

std::vector<DependencyGraph::Unresolved> DependencyGraph::unresolved_names(
    std::string_view app) const {
    std::vector<Unresolved> all;
    for (const Dependency& edge : edges(app)) {
        if (auto resolved = resolve(edge.to); !resolved) {
            all.push_back({edge, std::move(resolved.error())});
        }
    }
    return all;
}

std::vector<std::string> DependencyGraph::needs(std::string_view app, Depth depth) const {
    return others(app, &DependencyGraph::needed_by, depth);
}

std::vector<std::string> DependencyGraph::dependents(std::string_view app, Depth depth) const {
    return others(app, &DependencyGraph::needing, depth);
}

std::vector<std::string> DependencyGraph::predecessors(std::string_view app) const {
    return others(app, &DependencyGraph::preceding, Depth::direct);
}

std::optional<NameId> DependencyGraph::app_of(std::string_view name) const {
    const auto id = names_.find(name);
    return id ? names_.app_of(*id) : std::nullopt;
}

std::vector<NameId> DependencyGraph::app_ids() const {
    std::vector<NameId> all;
    for (std::uint32_t i = 0; i < names_.size(); ++i) {
        if (names_.is_app(NameId{i})) all.push_back(NameId{i});
    }
    return all;
}

DependencyGraph::Links DependencyGraph::said(NameId app, DependencyKind kind) const {
    Links links;
    for (const Edge& edge : edges_[index(app)]) {
        if (edge.text.kind != kind) continue;
        for (const NameId target : targets(app, edge)) links.push_back({target, &edge.text});
    }
    return links;
}

DependencyGraph::Links DependencyGraph::heard(NameId app, DependencyKind kind) const {
    Links links;
    for (const NameId name : names_.names_of(app)) {
        for (const Incoming& incoming : incoming_[index(name)]) {
            const Edge& edge = edges_[index(incoming.from)][incoming.edge];
            if (edge.text.kind != kind) continue;
            const auto meant = targets(incoming.from, edge);
            if (std::find(meant.begin(), meant.end(), app) != meant.end()) {
                links.push_back({incoming.from, &edge.text});
            }
        }
    }
    return links;
}

DependencyGraph::Links DependencyGraph::preceding(NameId app) const {
    Links links;
    for (const Edge& edge : edges_[index(app)]) {
        const DependencyKind kind = edge.text.kind;
        if (kind == DependencyKind::before || kind == DependencyKind::conflicts) continue;
        for (const NameId target : targets(app, edge)) links.push_back({target, &edge.text});
    }
    const Links others = heard(app, DependencyKind::before);
    links.insert(links.end(), others.begin(), others.end());
    return links;
}

DependencyGraph::Links DependencyGraph::brought_up_by(NameId app) const {
    Links links = preceding(app);
    std::erase_if(links, [](const Link& link) {
        const DependencyKind kind = link.edge->kind;
        return kind != DependencyKind::needs && kind != DependencyKind::wants &&
               !is_shown_by_code(*link.edge);
    });
    return links;
}

DependencyGraph::Links DependencyGraph::conflicting(NameId app) const {
    Links links = said(app, DependencyKind::conflicts);
    const Links others = heard(app, DependencyKind::conflicts);
    links.insert(links.end(), others.begin(), others.end());
    return links;
}

const Dependency* DependencyGraph::unmet_need(NameId app) const {
    for (const Edge& edge : edges_[index(app)]) {
        if (edge.text.kind == DependencyKind::needs && !names_.app_of(edge.to)) return &edge.text;
    }
    return nullptr;
}

/// Who provides a virtual name and conflicts with it wants to be the only one, and does not
/// conflict with itself.
std::vector<NameId> DependencyGraph::targets(NameId from, const Edge& edge) const {
    const DependencyKind kind = edge.text.kind;
    if (kind != DependencyKind::conflicts || names_.is_app(edge.to)) {
        if (const auto app = names_.app_of(edge.to)) return {*app};
    }
    if (kind == DependencyKind::needs || kind == DependencyKind::wants) return {};
    auto all = names_.bearers(edge.to);
    std::erase(all, from);
    return all;
}

void DependencyGraph::forget_edges(NameId app) {
    for (const Edge& edge : edges_[index(app)]) {
        std::erase_if(incoming_[index(edge.to)],
                      [&](const Incoming& incoming) { return incoming.from == app; });
    }
    edges_[index(app)].clear();
}

/// Each name has a place, also those that came with `provides` and choices.
void DependencyGraph::make_room() {
    edges_.resize(names_.size());
    incoming_.resize(names_.size());
}

std::vector<std::string> DependencyGraph::others(std::string_view app, Follow follow,
                                                 Depth depth) const {
    const auto id = names_.find(app);
    if (!id || !names_.is_app(*id)) return {};
    std::vector<NameId> found;
    if (depth == Depth::transitive) {
        found = DependencyReach(*this, follow, {*id}).apps();
    } else {
        for (const Link& link : (this->*follow)(*id)) found.push_back(link.app);
    }
    std::vector<bool> seen(names_.size());
    seen[index(*id)] = true;
    std::vector<std::string> texts;
    for (const NameId other : found) {
        if (!seen[index(other)]) texts.push_back(names_.text(other));
        seen[index(other)] = true;
    }
    return texts;
}

}  // namespace comar
