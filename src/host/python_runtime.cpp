// SPDX-License-Identifier: MIT
#include "host/python_runtime.h"

#include <pybind11/embed.h>
#include <pybind11/stl.h>

#include <cstdio>

namespace comar {
namespace {

namespace py = pybind11;

Failure failed(const char* doing, const std::string& why) {
    return failure(ErrorKind::internal, std::string("cannot ").append(doing).append(": ") + why);
}

}  // namespace

Result<> PythonRuntime::start(const std::string& library) {
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
        py::module_::import("comar.worker");
        const py::module_ gc = py::module_::import("gc");
        gc.attr("collect")();
        gc.attr("freeze")();
    } catch (const py::error_already_set& error) {
        return failed("import comar.worker", error.what());
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
        return py::module_::import("comar.check").attr("main")(arguments).cast<int>();
    } catch (const std::exception& error) {
        return failed("check", error.what());
    }
}

}  // namespace comar
