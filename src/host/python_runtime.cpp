// SPDX-License-Identifier: MIT
#include "host/python_runtime.h"

#include <cstdio>

#include <pybind11/embed.h>
#include <pybind11/stl.h>

namespace comar {
namespace {

namespace py = pybind11;

Failure failed(const char* doing, const std::string& why) {
    return failure(ErrorKind::internal, std::string("cannot ").append(doing).append(": ") + why);
}

/// Text files are UTF-8 for scripts, whatever the locale.
Result<> prepare() {
    PyPreConfig config;
    PyPreConfig_InitIsolatedConfig(&config);
    config.utf8_mode = 1;
    const PyStatus status = Py_PreInitialize(&config);
    if (PyStatus_Exception(status) == 0) return {};
    return failed("prepare Python", status.err_msg == nullptr ? "unknown" : status.err_msg);
}

}  // namespace

Result<> PythonRuntime::start(const std::string& library) {
    if (auto prepared = prepare(); !prepared) return prepared;
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.install_signal_handlers = 0;
    config.buffered_stdio = 1;
    PyStatus status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status) != 0) {
        return failed("start Python", status.err_msg == nullptr ? "unknown" : status.err_msg);
    }
    try {
        py::module_::import("sys").attr("path").attr("insert")(0, library);
    } catch (const py::error_already_set& error) {
        return failed("set the module path", error.what());
    }
    return {};
}

Result<> PythonRuntime::warm_up() {
    try {
        py::module_::import("comar.worker").attr("warm_up")();
    } catch (const py::error_already_set& error) {
        return failed("warm up", error.what());
    }
    return {};
}

void PythonRuntime::serve(int socket) {
    try {
        py::module_::import("comar.worker").attr("serve")(socket);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "comar-script-host: %s\n", error.what());
    }
}

Result<int> PythonRuntime::check(const std::vector<std::string>& arguments) {
    try {
        const int code = py::module_::import("comar.check").attr("main")(arguments).cast<int>();
        // The host leaves through _exit, which does not know what Python still holds back.
        py::module_::import("sys").attr("stdout").attr("flush")();
        return code;
    } catch (const std::exception& error) {
        return failed("check", error.what());
    }
}

}  // namespace comar
