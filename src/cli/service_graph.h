// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/result.h"

namespace comar::cli {

struct GraphService {
    std::string state;
    std::string start_up;
    std::vector<std::string> provides;  ///< virtual names
};

/// One service's word about another.
struct GraphEdge {
    std::string from;
    std::string to;      ///< as it is written
    std::string app;     ///< whom that means; empty: nobody
    std::string kind;    ///< needs, wants, after, before or conflicts
    std::string origin;  ///< serviceRequires, call, learned, ...
    std::string file;    ///< empty: in none
    std::int64_t line = 0;
};

/// How registered services relate to each other.
struct ServiceGraph {
    std::map<std::string, GraphService> services;  ///< by name
    std::vector<GraphEdge> edges;
};

/// Reads what Graph of comard answers. Parts that make no sense are left out. invalid: no graph.
[[nodiscard]] Result<ServiceGraph> read_graph(const nlohmann::ordered_json& document);

/// The service of that name, else one that provides it; empty: neither.
[[nodiscard]] std::string resolve(const ServiceGraph& graph, const std::string& name);

/// The service, all that it depends on, all that depends on it, transitively, and whatever
/// conflicts with it. Other services of what it depends on are not among it: they would soon be
/// all there are.
[[nodiscard]] std::set<std::string> related_to(const ServiceGraph& graph, const std::string& name);

/// The document of comard without the services that are not in `kept`, and without their edges.
[[nodiscard]] nlohmann::ordered_json keep_only(const nlohmann::ordered_json& document,
                                               const std::set<std::string>& kept);

/// An edge in the direction in which one waits for the other: "a before b" is b's waiting for a.
struct Dependency {
    std::string_view dependent;
    std::string_view on;  ///< empty: on nobody
};
[[nodiscard]] Dependency dependency_of(const GraphEdge& edge);

/// "/etc/comar/web.py:3 serviceRequires"
[[nodiscard]] std::string origin_text(const GraphEdge& edge);

}  // namespace comar::cli
