// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <pybind11/pybind11.h>

namespace comar::native {

/// What Linux calls a string: bytes. In Python a str, with surrogates for what is not UTF-8, or
/// where it goes in also bytes or a path.
struct Text {
    std::string bytes;
};

}  // namespace comar::native

template <>
struct pybind11::detail::type_caster<comar::native::Text> {
    PYBIND11_TYPE_CASTER(comar::native::Text, const_name("str"));

    bool load(handle source, bool) {
        PyObject* encoded = nullptr;
        if (PyUnicode_FSConverter(source.ptr(), &encoded) == 0) {
            if (PyErr_ExceptionMatches(PyExc_TypeError) == 0) throw error_already_set();
            PyErr_Clear();  // pybind11 says better what was expected
            return false;
        }
        value.bytes = std::string(reinterpret_steal<bytes>(encoded));
        return true;
    }

    static handle cast(const comar::native::Text& text, return_value_policy, handle) {
        return PyUnicode_DecodeFSDefaultAndSize(text.bytes.data(),
                                                static_cast<Py_ssize_t>(text.bytes.size()));
    }
};
