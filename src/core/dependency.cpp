// SPDX-License-Identifier: MIT
#include "core/dependency.h"

#include <cstddef>

#include "core/name.h"

namespace comar {
namespace {

struct Row {
    DependencyKind kind;
    std::string_view word;
    std::string_view phrase;
};

constexpr std::array<Row, all_dependency_kinds.size()> rows{{
    {DependencyKind::needs, "needs", " needs "},
    {DependencyKind::wants, "wants", " wants "},
    {DependencyKind::after, "after", " is to start after "},
    {DependencyKind::before, "before", " is to start before "},
    {DependencyKind::conflicts, "conflicts", " conflicts with "},
}};

constexpr const Row& row_of(DependencyKind kind) { return rows[static_cast<std::size_t>(kind)]; }

static_assert(row_of(DependencyKind::needs).kind == DependencyKind::needs);
static_assert(row_of(DependencyKind::wants).kind == DependencyKind::wants);
static_assert(row_of(DependencyKind::after).kind == DependencyKind::after);
static_assert(row_of(DependencyKind::before).kind == DependencyKind::before);
static_assert(row_of(DependencyKind::conflicts).kind == DependencyKind::conflicts);

std::string place(const Dependency& edge) {
    if (edge.file.empty()) return edge.origin;
    return edge.line > 0 ? edge.file + ":" + std::to_string(edge.line) : edge.file;
}

}  // namespace

std::string_view to_string(DependencyKind kind) { return row_of(kind).word; }

std::optional<DependencyKind> parse_dependency_kind(std::string_view word) {
    for (const Row& row : rows) {
        if (row.word == word) return row.kind;
    }
    return std::nullopt;
}

bool is_shown_by_code(const Dependency& edge) {
    return edge.origin == "call" || edge.origin == "startDependencies" || is_learned(edge);
}

bool is_learned(const Dependency& edge) { return edge.origin == "learned"; }

std::string describe(const Dependency& edge, std::string_view to_app) {
    std::string text = edge.from;
    text.append(row_of(edge.kind).phrase).append(edge.to);
    if (!to_app.empty() && bus_safe_name(edge.to) != to_app) {
        text.append(", which is ").append(to_app);
    }
    if (const std::string where = place(edge); !where.empty()) text += " (" + where + ")";
    return text;
}

}  // namespace comar
