// SPDX-License-Identifier: MIT
// comar-script-host: runs service scripts for comard.
//   comar-script-host serve FD VERSION  FD is the control socket; started by comard VERSION
//   comar-script-host check ARGUMENT…   the checks of `comar check`, without a comard
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <unistd.h>

#include "host/fork_server.h"
#include "host/python_runtime.h"

namespace {

using comar::PythonRuntime;

constexpr int bad_usage = 2;

/// <prefix>/lib/comar/python, found from where this program is: <prefix>/bin in the build tree,
/// <prefix>/lib/comar when installed.
std::string library_folder() {
    std::string path(4096, '\0');
    const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
    path.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    const std::string folder = path.substr(0, path.rfind('/'));
    std::string installed = folder + "/python";
    if (::access(installed.c_str(), R_OK) == 0) return installed;
    return folder.substr(0, folder.rfind('/')) + "/lib/comar/python";
}

int complain(const comar::Error& error) {
    std::fprintf(stderr, "comar-script-host: %s\n", error.message.c_str());
    return 1;
}

/// After half an upgrade the two may not understand each other, and that would be hard to see.
bool is_of_version(const std::string& version) {
    if (version == COMAR_VERSION) return true;
    std::fprintf(stderr,
                 "comar-script-host: this is version " COMAR_VERSION
                 ", the comard that started it is version %s: restart comard\n",
                 version.c_str());
    return false;
}

int serve(int control) {
    if (auto warm = PythonRuntime::warm_up(); !warm) return complain(warm.error());
    comar::ForkServer server(comar::UniqueFd(control), PythonRuntime::serve);
    if (auto served = server.run(); !served) return complain(served.error());
    return 0;
}

int check(const std::vector<std::string>& arguments) {
    const auto code = PythonRuntime::check(arguments);
    return code ? *code : complain(code.error());
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    if (arguments.empty() || (arguments[0] != "serve" && arguments[0] != "check")) {
        std::fputs("usage: comar-script-host check FILE...\n", stderr);
        return bad_usage;
    }
    if (arguments[0] == "serve" && (arguments.size() != 3 || !is_of_version(arguments[2]))) {
        return bad_usage;
    }
    if (auto started = PythonRuntime::start(library_folder()); !started) {
        return complain(started.error());
    }
    // Leaving through _exit: finalizing the interpreter would only cost time.
    int code = bad_usage;
    if (arguments[0] == "check") {
        code = check({arguments.begin() + 1, arguments.end()});
    } else {
        code = serve(std::atoi(arguments[1].c_str()));
    }
    std::fflush(nullptr);
    ::_exit(code);
}
