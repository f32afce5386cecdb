// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/dependency_graph.h"
#include "model/histories.h"

/// Graphs of services by chance, always the same ones for the same seed.
namespace comar::test {

struct RandomServices {
    std::size_t count = 1000;
    std::size_t edges = 10;  ///< that each has at most
    bool circles = false;    ///< false: each says something only about those with lower numbers
    bool conflicts = false;
};

inline std::string service(std::size_t number) { return "s" + std::to_string(number); }

inline Dependency random_statement(History& history, const RandomServices& wanted,
                                   std::size_t from) {
    static constexpr DependencyKind kinds[] = {DependencyKind::needs, DependencyKind::needs,
                                               DependencyKind::wants, DependencyKind::after,
                                               DependencyKind::before};
    std::size_t other = history.below(wanted.circles ? wanted.count : from);
    DependencyKind kind = kinds[history.below(std::size(kinds))];
    if (wanted.conflicts && history.one_in(10)) kind = DependencyKind::conflicts;
    // A lower number starts before: what is said about a higher one is said with before.
    if (!wanted.circles && kind == DependencyKind::before) {
        other = from + 1 + history.below(wanted.count - from);
    }
    return {"",
            service(other),
            kind,
            "/s" + std::to_string(from) + ".py",
            static_cast<int>(1 + history.below(99)),
            "random"};
}

inline void fill(DependencyGraph& graph, History& history, const RandomServices& wanted) {
    for (std::size_t from = 0; from < wanted.count; ++from) {
        std::vector<Dependency> edges;
        const std::size_t most = from == 0 && !wanted.circles ? 0 : wanted.edges;
        for (std::size_t left = history.below(most + 1); left > 0; --left) {
            edges.push_back(random_statement(history, wanted, from));
        }
        graph.set(service(from), edges);
    }
}

/// Runs `test` with each of some fixed seeds; a failure tells which one it was.
inline void with_seeds(std::uint64_t count, const std::function<void(History&)>& test) {
    for (std::uint64_t seed = 1; seed <= count && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        History history(seed);
        test(history);
    }
}

}  // namespace comar::test
