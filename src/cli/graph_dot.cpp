// SPDX-License-Identifier: MIT
#include "cli/graph_dot.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/text.h"

namespace comar::cli {
namespace {

struct StateStyle {
    std::string_view state;
    std::string_view fill;
};
constexpr StateStyle states[] = {{"running", "#bfe3c6"},  {"starting", "#fbe6a6"},
                                 {"stopping", "#fbe6a6"}, {"failed", "#f4b6b2"},
                                 {"stopped", "#eceff2"},  {"unknown", "#ffffff"}};

struct KindStyle {
    std::string_view kind;
    std::string_view meaning;
    std::string_view attributes;
};
constexpr KindStyle kinds[] = {
    {"needs", "requires", "style=solid, penwidth=1.5"},
    {"wants", "wants", "style=dashed"},
    {"after", "follows", "style=dotted"},
    {"before", "follows", "style=dotted"},
    {"conflicts", "conflicts with",
     "style=solid, color=\"#b3161b\", dir=both, arrowhead=tee, arrowtail=tee"},
};

std::string_view fill_of(std::string_view state) {
    const auto found = std::ranges::find(states, state, &StateStyle::state);
    return found == std::end(states) ? std::end(states)[-1].fill : found->fill;
}

std::string_view attributes_of(std::string_view kind) {
    const auto found = std::ranges::find(kinds, kind, &KindStyle::kind);
    return found == std::end(kinds) ? "style=dotted" : found->attributes;
}

/// Names of services have no space, so what has one cannot be taken for a service.
std::string nobody(const ServiceGraph& graph, const GraphEdge& edge) {
    const auto found = graph.names.find(edge.to);
    if (found == graph.names.end()) return "nobody provides " + edge.to;
    return edge.to + ": " + why_nobody(graph, edge.to);
}

std::string service_node(const std::string& name, const GraphService& service) {
    std::string label = dot_text(name);
    if (!service.provides.empty()) {
        label.pop_back();
        label += "\\n" + dot_text(fmt::format("({})", fmt::join(service.provides, ", "))).substr(1);
    }
    return fmt::format("  {} [label={}, fillcolor=\"{}\", tooltip={}];\n", dot_text(name), label,
                       fill_of(service.state),
                       dot_text(service.state + ", start-up " + service.start_up));
}

std::string edge_line(const ServiceGraph& graph, const GraphEdge& edge) {
    const auto [dependent, on] = dependency_of(edge);
    const std::string target = on.empty() ? nobody(graph, edge) : std::string(on);
    const std::string tooltip =
        fmt::format("{} {} {}: {}", edge.from, edge.kind, edge.to, origin_text(edge));
    // Whoever conflicts belongs neither before nor behind the other.
    return fmt::format("  {} -> {} [{}{}, tooltip={}];\n", dot_text(dependent), dot_text(target),
                       attributes_of(edge.kind),
                       edge.kind == "conflicts" ? ", constraint=false" : "", dot_text(tooltip));
}

std::string nobody_nodes(const ServiceGraph& graph) {
    std::set<std::string> names;
    for (const GraphEdge& edge : graph.edges)
        if (edge.app.empty()) names.insert(nobody(graph, edge));
    std::string text;
    for (const std::string& name : names)
        text += fmt::format("  {} [style=dashed, color=\"#b3161b\"];\n", dot_text(name));
    return text;
}

std::string legend() {
    std::string text =
        "  subgraph cluster_legend {\n    label=\"Legend\"; color=\"#b9c0c8\";\n"
        "    node [fontsize=10, height=0.2, margin=\"0.08,0.03\"]; edge [fontsize=10];\n";
    for (const auto& [state, fill] : states)
        text +=
            fmt::format("    \"legend {0}\" [label=\"{0}\", fillcolor=\"{1}\"];\n", state, fill);
    for (const auto& [kind, meaning, attributes] : kinds) {
        if (kind == "before") continue;  // drawn as the other's following
        text += fmt::format(
            "    \"legend {0} a\" [label=\"a\"]; \"legend {0} b\" [label=\"b\"];\n"
            "    \"legend {0} a\" -> \"legend {0} b\" [label=\"{1}\", {2}];\n",
            kind, meaning, attributes);
    }
    return text + "  }\n";
}

}  // namespace

std::string dot_text(std::string_view text) {
    std::string quoted = "\"";
    for (const char letter : escape_line(text)) {
        if (letter == '&') {
            quoted += "&amp;";
            continue;
        }
        if (letter == '"' || letter == '\\') quoted += '\\';
        quoted += letter;
    }
    return quoted + "\"";
}

std::string graph_dot(const ServiceGraph& graph) {
    std::string text =
        "digraph services {\n"
        "  graph [rankdir=LR, bgcolor=white, fontname=\"sans-serif\", ranksep=0.8];\n"
        "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"];\n"
        "  edge [fontname=\"sans-serif\", color=\"#4a5360\"];\n";
    for (const auto& [name, service] : graph.services) text += service_node(name, service);
    text += nobody_nodes(graph);
    for (const GraphEdge& edge : graph.edges) text += edge_line(graph, edge);
    return text + legend() + "}\n";
}

}  // namespace comar::cli
