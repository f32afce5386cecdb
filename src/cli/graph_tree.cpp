// SPDX-License-Identifier: MIT
#include "cli/graph_tree.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/service_status.h"
#include "cli/text.h"

namespace comar::cli {
namespace {

/// All that one service says of another, or of a name that nobody has, as one line.
struct Relation {
    std::string to;       ///< as it is written
    std::string service;  ///< empty: nobody
    std::vector<std::string> verbs = {};
    std::vector<std::string> origins = {};
    bool only_conflicts = true;  ///< nothing to expand: it does not wait for it
};

std::string_view verb_of(std::string_view kind) {
    if (kind == "needs") return "requires";
    if (kind == "wants") return "wants";
    return kind == "conflicts" ? "conflicts with" : "follows";
}

void add_once(std::vector<std::string>& words, std::string word) {
    if (word.empty() || std::ranges::find(words, word) != words.end()) return;
    words.push_back(std::move(word));
}

class Tree {
public:
    Tree(const ServiceGraph& graph, std::string marked, const OutputStyle& style)
        : graph_(graph), marked_(std::move(marked)), in_color_(style.colored) {
        for (const GraphEdge& edge : graph.edges) add(edge);
    }

    std::string draw() && {
        std::vector<std::string> alone;
        for (const auto& [name, service] : graph_.services) {
            if (is_depended_on_.contains(name)) continue;
            if (relations_.contains(name))
                draw_root(name);
            else
                alone.push_back(name);
        }
        // What is left stands in a circle, or below one.
        for (const auto& [name, relations] : relations_)
            if (!expanded_.contains(name)) draw_root(name);
        for (const std::string& name : alone) text_ += described(name) + "\n";
        return std::move(text_);
    }

private:
    void add(const GraphEdge& edge) {
        const auto [dependent, on] = dependency_of(edge);
        const std::string name(dependent);
        const bool is_reversed = name != edge.from;
        const std::string to = is_reversed ? edge.from : edge.to;
        auto& relations = relations_[name];
        auto found = std::ranges::find_if(relations, [&, on = on](const Relation& relation) {
            return relation.service == on && relation.to == to;
        });
        if (found == relations.end())
            found = relations.insert(found, Relation{.to = to, .service = std::string(on)});
        add_once(found->verbs, std::string(verb_of(edge.kind)));
        add_once(found->origins, origin_text(edge));
        if (edge.kind == "conflicts") return;
        found->only_conflicts = false;
        if (on != dependent) is_depended_on_.emplace(on);
    }

    void draw_root(const std::string& name) {
        text_ += described(name) + "\n";
        draw_below(name, "");
    }

    void draw_below(const std::string& name, const std::string& margin) {
        const auto found = relations_.find(name);
        if (found == relations_.end() || !expanded_.insert(name).second) return;
        for (const Relation& relation : found->second) {
            const bool is_last = &relation == &found->second.back();
            text_ += margin + (is_last ? "└─ " : "├─ ") + line_of(relation) + "\n";
            if (!relation.only_conflicts)
                draw_below(relation.service, margin + (is_last ? "   " : "│  "));
        }
    }

    std::string line_of(const Relation& relation) {
        std::string text = fmt::format("{} ", fmt::join(relation.verbs, ", "));
        if (relation.service.empty()) {
            text += painted(escape_line(relation.to + ": " + why_nobody(graph_, relation.to)),
                            Color::yellow);
        } else {
            if (relation.to != relation.service) text += escape_line(relation.to) + ": ";
            text += described(relation.service);
        }
        const std::string origins =
            escape_line(fmt::format("{}", fmt::join(relation.origins, ", ")));
        if (!origins.empty()) text += painted("  " + origins, Color::dim);
        const bool was_shown = !relation.only_conflicts && expanded_.contains(relation.service);
        return was_shown ? text + " …" : text;
    }

    [[nodiscard]] std::string described(const std::string& name) const {
        const GraphService& service = graph_.services.at(name);
        std::string text = painted(escape_line(name), name == marked_ ? Color::bold : Color::none);
        if (!service.state.empty())
            text += " " + painted(escape_line(service.state), color_of_state(service.state));
        return text;
    }

    [[nodiscard]] std::string painted(const std::string& text, Color color) const {
        return colored(text, in_color_ ? color : Color::none);
    }

    const ServiceGraph& graph_;
    std::string marked_;
    bool in_color_;
    std::map<std::string, std::vector<Relation>> relations_;  ///< by who depends
    std::set<std::string, std::less<>> is_depended_on_;
    std::set<std::string> expanded_;
    std::string text_;
};

}  // namespace

std::string graph_tree(const ServiceGraph& graph, const std::string& marked,
                       const OutputStyle& style) {
    return Tree(graph, marked, style).draw();
}

}  // namespace comar::cli
