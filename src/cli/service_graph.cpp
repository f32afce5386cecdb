// SPDX-License-Identifier: MIT
#include "cli/service_graph.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/name.h"

namespace comar::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string text_at(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

GraphService read_service(const Json& object) {
    GraphService service;
    if (!object.is_object()) return service;
    service.state = text_at(object, "state");
    service.start_up = text_at(object, "start_up");
    const Json provides = object.value("provides", Json::array());
    for (const Json& name : provides)
        if (name.is_string()) service.provides.push_back(name.get<std::string>());
    return service;
}

GraphEdge read_edge(const Json& object) {
    GraphEdge edge{.from = text_at(object, "from"),
                   .to = text_at(object, "to"),
                   .app = text_at(object, "app"),
                   .kind = text_at(object, "kind"),
                   .origin = text_at(object, "origin"),
                   .file = text_at(object, "file")};
    const auto line = object.find("line");
    if (line != object.end() && line->is_number_integer()) edge.line = line->get<std::int64_t>();
    return edge;
}

enum class Direction { what_it_needs, what_needs_it };

void walk(const ServiceGraph& graph, const std::string& start, Direction direction,
          std::set<std::string>& found) {
    // A map once instead of all edges at each step: thousands of services have tens of thousands.
    std::multimap<std::string_view, std::string_view> next;
    for (const GraphEdge& edge : graph.edges) {
        const auto [dependent, on] = dependency_of(edge);
        if (on.empty() || edge.kind == "conflicts") continue;
        if (direction == Direction::what_it_needs)
            next.emplace(dependent, on);
        else
            next.emplace(on, dependent);
    }
    std::set<std::string> seen{start};
    std::vector<std::string> waiting{start};
    while (!waiting.empty()) {
        const std::string name = std::move(waiting.back());
        waiting.pop_back();
        const auto [begin, end] = next.equal_range(name);
        for (auto at = begin; at != end; ++at)
            if (seen.emplace(at->second).second) waiting.emplace_back(at->second);
    }
    found.merge(seen);
}

bool is_kept(const Json& edge, const std::set<std::string>& kept) {
    const GraphEdge read = read_edge(edge);
    return kept.contains(read.from) && (read.app.empty() || kept.contains(read.app));
}

}  // namespace

Result<ServiceGraph> read_graph(const Json& document) {
    const auto unreadable = failure(ErrorKind::invalid, "cannot read the graph of services");
    if (!document.is_object()) return unreadable;
    const Json services = document.value("services", Json());
    const Json edges = document.value("edges", Json());
    if (!services.is_object() || !edges.is_array()) return unreadable;
    ServiceGraph graph;
    for (const auto& [name, object] : services.items()) graph.services[name] = read_service(object);
    for (const Json& object : edges)
        if (object.is_object()) graph.edges.push_back(read_edge(object));
    const Json names = document.value("names", Json::object());
    for (const auto& [name, object] : names.items())
        if (object.is_object())
            graph.names[name] = {text_at(object, "app"), text_at(object, "why")};
    std::erase_if(graph.edges, [&](const GraphEdge& edge) {
        return !graph.services.contains(edge.from) ||
               !(edge.app.empty() || graph.services.contains(edge.app));
    });
    return graph;
}

Result<std::string> resolve(const ServiceGraph& graph, const std::string& name) {
    if (graph.services.contains(name)) return name;
    const auto found = graph.names.find(name);
    if (found == graph.names.end())
        return failure(ErrorKind::not_found, "no such service is registered");
    if (found->second.app.empty()) return failure(ErrorKind::invalid, found->second.why);
    return found->second.app;
}

std::string why_nobody(const ServiceGraph& graph, const std::string& name) {
    const auto found = graph.names.find(bus_safe_name(name));
    return found == graph.names.end() ? "nobody provides it" : found->second.why;
}

std::set<std::string> related_to(const ServiceGraph& graph, const std::string& name) {
    std::set<std::string> found{name};
    walk(graph, name, Direction::what_it_needs, found);
    walk(graph, name, Direction::what_needs_it, found);
    for (const GraphEdge& edge : graph.edges) {
        if (edge.kind != "conflicts" || edge.app.empty()) continue;
        if (edge.from == name) found.insert(edge.app);
        if (edge.app == name) found.insert(edge.from);
    }
    return found;
}

Json keep_only(const Json& document, const std::set<std::string>& kept) {
    Json result = document;
    Json& services = result["services"];
    for (auto at = services.begin(); at != services.end();)
        at = kept.contains(at.key()) ? std::next(at) : services.erase(at);
    Json edges = Json::array();
    for (const Json& edge : document["edges"])
        if (edge.is_object() && is_kept(edge, kept)) edges.push_back(edge);
    result["edges"] = std::move(edges);
    if (!result.contains("names")) return result;
    Json& names = result["names"];
    for (auto at = names.begin(); at != names.end();) {
        const std::string app = text_at(*at, "app");
        at = app.empty() || kept.contains(app) ? std::next(at) : names.erase(at);
    }
    return result;
}

Dependency dependency_of(const GraphEdge& edge) {
    if (edge.kind == "before" && !edge.app.empty()) return {edge.app, edge.from};
    return {edge.from, edge.app};
}

std::string origin_text(const GraphEdge& edge) {
    std::string text = edge.file;
    if (edge.line > 0 && !text.empty()) text += ":" + std::to_string(edge.line);
    if (!text.empty() && !edge.origin.empty()) text += " ";
    return text + edge.origin;
}

}  // namespace comar::cli
