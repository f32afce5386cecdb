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

/// Whom a virtual name means.
struct GraphName {
    std::string app;  ///< empty: nobody can tell
    std::string why;  ///< that is so: "a and b provide it; choose one in [providers] of ..."
};

/// How registered services relate to each other.
struct ServiceGraph {
    std::map<std::string, GraphService> services;  ///< by name
    std::map<std::string, GraphName> names;        ///< those that services provide
    std::vector<GraphEdge> edges;
};

/// Reads what Graph of comard answers. Parts that make no sense are left out. invalid: no graph.
[[nodiscard]] Result<ServiceGraph> read_graph(const nlohmann::ordered_json& document);

/// The service of that name, else the one that comard takes for it. Fails with not_found, or tells
/// why nobody can say who is meant, as the end of a sentence.
[[nodiscard]] Result<std::string> resolve(const ServiceGraph& graph, const std::string& name);

/// Why a name that an edge has written leads nowhere, as the end of a sentence.
[[nodiscard]] std::string why_nobody(const ServiceGraph& graph, const std::string& name);

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
