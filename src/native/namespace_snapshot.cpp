// SPDX-License-Identifier: MIT
#include "native/namespace_snapshot.h"

#include <algorithm>

#include <pybind11/stl.h>

namespace comar::native {

namespace py = pybind11;

NamespaceSnapshot::NamespaceSnapshot(const py::list& dicts) {
    for (const auto& item : dicts) {
        namespaces_.push_back(take(py::reinterpret_borrow<py::dict>(item)));
    }
}

NamespaceSnapshot::Namespace NamespaceSnapshot::take(py::dict dict) {
    Namespace one{std::move(dict), {}};
    for (const auto& [key, value] : one.dict) {
        one.entries.push_back(
            {py::reinterpret_borrow<py::object>(key), py::reinterpret_borrow<py::object>(value)});
    }
    return one;
}

/// The entries are held, so an equal address is the same object and not a new one in its place.
bool NamespaceSnapshot::is_same(const Namespace& one) {
    PyObject* key = nullptr;
    PyObject* value = nullptr;
    Py_ssize_t position = 0;
    std::size_t seen = 0;
    while (PyDict_Next(one.dict.ptr(), &position, &key, &value) != 0) {
        if (seen == one.entries.size()) return false;
        const Entry& entry = one.entries[seen++];
        if (entry.key.ptr() != key || entry.value.ptr() != value) return false;
    }
    return seen == one.entries.size();
}

std::vector<std::size_t> NamespaceSnapshot::changed() const {
    std::vector<std::size_t> positions;
    for (std::size_t i = 0; i < namespaces_.size(); ++i) {
        if (!is_same(namespaces_[i])) positions.push_back(i);
    }
    return positions;
}

void NamespaceSnapshot::accept_changes() {
    for (Namespace& one : namespaces_) {
        if (!is_same(one)) one = take(one.dict);
    }
}

bool NamespaceSnapshot::holds() const {
    return std::all_of(namespaces_.begin(), namespaces_.end(), is_same);
}

void define_namespace_snapshot(py::module_& module) {
    py::class_<NamespaceSnapshot>(
        module, "NamespaceSnapshot",
        "What is in some dicts, such as the namespaces of modules, at this moment.")
        .def(py::init<const py::list&>(), py::arg("dicts"))
        .def("changed", &NamespaceSnapshot::changed,
             "The positions of the dicts that have other names or other objects now.")
        .def("accept_changes", &NamespaceSnapshot::accept_changes,
             "Takes what is in them now for what should be.")
        .def("holds", &NamespaceSnapshot::holds, "Whether all dicts are as they were.");
}

}  // namespace comar::native
