// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace comar {

/// What one service says about another.
enum class DependencyKind {
    needs,      ///< the other is started and ready before; without it there is no start
    wants,      ///< the other is started too, before; it may fail
    after,      ///< where both start, the other starts before
    before,     ///< where both start, the other starts after
    conflicts,  ///< the two do not run at once
};

inline constexpr std::array all_dependency_kinds{DependencyKind::needs, DependencyKind::wants,
                                                 DependencyKind::after, DependencyKind::before,
                                                 DependencyKind::conflicts};

/// "needs", "wants", …
[[nodiscard]] std::string_view to_string(DependencyKind kind);
[[nodiscard]] std::optional<DependencyKind> parse_dependency_kind(std::string_view word);

/// One such statement, and where it stands.
struct Dependency {
    std::string from;  ///< the app that says it
    std::string to;    ///< as written: an app, or a virtual name such as "logger"
    DependencyKind kind = DependencyKind::needs;
    std::string file;    ///< may be empty: it stands in no file
    int line = 0;        ///< 0: unknown
    std::string origin;  ///< "serviceRequires", "startDependencies", "call", "learned", …

    bool operator==(const Dependency&) const = default;
};

/// Nobody has declared it: the text of a start() shows it ("call", "startDependencies"), or its run
/// has ("learned").
[[nodiscard]] bool is_shown_by_code(const Dependency& edge);
[[nodiscard]] bool is_learned(const Dependency& edge);

/// "web needs db (/etc/web.py:3)". What stands in no file has its origin there instead. `to_app` is
/// the app that the name written has led to, and is said where it has another name: "web needs
/// logger, which is syslog (…)"; empty: nothing is said of it.
[[nodiscard]] std::string describe(const Dependency& edge, std::string_view to_app = {});

}  // namespace comar
