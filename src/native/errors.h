// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <utility>

#include <pybind11/pybind11.h>

#include "core/result.h"

namespace comar::native {

/// For errors that no system call made. OSError wants a number, and chooses its subclass by it.
inline int errno_of(const Error& error) {
    if (error.os_error != 0) return error.os_error;
    switch (error.kind) {
        case ErrorKind::not_found:
            return ENOENT;
        case ErrorKind::invalid:
            return EINVAL;
        case ErrorKind::denied:
            return EACCES;
        case ErrorKind::busy:
            return EBUSY;
        case ErrorKind::timed_out:
            return ETIMEDOUT;
        case ErrorKind::unavailable:
            return EOPNOTSUPP;
        case ErrorKind::internal:
            return EIO;
    }
    return EIO;
}

/// Raises OSError(errno, message); ENOENT is FileNotFoundError, ESRCH ProcessLookupError and so on.
[[noreturn]] inline void raise(const Error& error) {
    const auto type = pybind11::reinterpret_borrow<pybind11::object>(PyExc_OSError);
    const pybind11::object raised = type(errno_of(error), error.message);
    PyErr_SetObject(pybind11::type::of(raised).ptr(), raised.ptr());
    throw pybind11::error_already_set();
}

/// The value, or the error as a Python exception.
template <class T>
T value_or_raise(Result<T> result) {
    if (!result) raise(result.error());
    return std::move(*result);
}
inline void value_or_raise(const Result<>& result) {
    if (!result) raise(result.error());
}

}  // namespace comar::native
