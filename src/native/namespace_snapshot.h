// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <pybind11/pybind11.h>

namespace comar::native {

/// What was in some dicts, such as the namespaces of modules, at one moment: which names, and which
/// objects. Asked again later, it only compares addresses, so not even reference counts change.
class NamespaceSnapshot {
public:
    explicit NamespaceSnapshot(const pybind11::list& dicts);

    /// Positions of the dicts that hold something else now.
    [[nodiscard]] std::vector<std::size_t> changed() const;
    /// Takes what those dicts hold now for what they should hold.
    void accept_changes();
    /// Whether none of them does; stops at the first that does.
    [[nodiscard]] bool holds() const;

private:
    struct Entry {
        pybind11::object key;
        pybind11::object value;
    };
    struct Namespace {
        pybind11::dict dict;
        std::vector<Entry> entries;
    };

    static Namespace take(pybind11::dict dict);
    static bool is_same(const Namespace& one);

    std::vector<Namespace> namespaces_;
};

void define_namespace_snapshot(pybind11::module_& module);

}  // namespace comar::native
