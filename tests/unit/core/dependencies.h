// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>

#include "core/dependency.h"

/// Statements of services, as tests write them; the graph adds who says it.
namespace comar::test {

inline Dependency says(DependencyKind kind, std::string to, std::string file = {}, int line = 0) {
    return {"", std::move(to), kind, std::move(file), line, ""};
}
inline Dependency needs(std::string to, std::string file = {}, int line = 0) {
    return says(DependencyKind::needs, std::move(to), std::move(file), line);
}
inline Dependency wants(std::string to, std::string file = {}, int line = 0) {
    return says(DependencyKind::wants, std::move(to), std::move(file), line);
}
inline Dependency after(std::string to, std::string file = {}, int line = 0) {
    return says(DependencyKind::after, std::move(to), std::move(file), line);
}
inline Dependency before(std::string to, std::string file = {}, int line = 0) {
    return says(DependencyKind::before, std::move(to), std::move(file), line);
}
inline Dependency conflicts(std::string to, std::string file = {}, int line = 0) {
    return says(DependencyKind::conflicts, std::move(to), std::move(file), line);
}

}  // namespace comar::test
