// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace comar {

/// The embedded interpreter: isolated from the environment, with comar's own modules on its path.
class PythonRuntime {
public:
    /// `library` is the folder that holds the package `comar`.
    static Result<> start(const std::string& library);

    /// Imports all that a worker needs and moves it out of the garbage collector's sight, so that
    /// forked workers share the pages.
    static Result<> warm_up();

    /// comar.worker.serve(socket): runs one call. Never throws; a failure is on stderr.
    static void serve(int socket);

    /// comar.check.main(arguments): the exit code of `comar check`.
    static Result<int> check(const std::vector<std::string>& arguments);
};

}  // namespace comar
