// SPDX-License-Identifier: MIT
// comar check FILE...: the checks of registering, done by the script host itself.
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include <unistd.h>

#include "cli/command.h"
#include "cli/output.h"

namespace comar::cli {
namespace {

constexpr const char* host_name = "comar-script-host";

/// The folder of this program's file; empty when /proc does not tell.
std::string own_folder() {
    char path[PATH_MAX];
    const ssize_t size = ::readlink("/proc/self/exe", path, sizeof(path));
    const std::string_view found(path, size < 0 ? 0 : static_cast<std::size_t>(size));
    return std::string(found.substr(0, found.rfind('/') + 1));
}

/// Installed, programs that only comar starts are in lib/comar; a build folder has all in one.
std::string host_program() {
    const std::string installed = own_folder() + "../lib/comar/" + host_name;
    return ::access(installed.c_str(), X_OK) == 0 ? installed : own_folder() + host_name;
}

std::vector<std::string> host_words(const Invocation& invocation) {
    std::vector<std::string> words{host_name, "check"};
    if (invocation.json) words.emplace_back("--json");
    if (!invocation.model.empty()) words.insert(words.end(), {"--model", invocation.model});
    words.emplace_back("--");
    words.insert(words.end(), invocation.operands.begin(), invocation.operands.end());
    return words;
}

}  // namespace

ExitCode run_check(const Invocation& invocation, Output&) {
    const std::string program = host_program();
    const auto words = host_words(invocation);
    std::vector<char*> pointers;
    for (const auto& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    ::signal(SIGPIPE, SIG_DFL);  // it would inherit that comar ignores it
    ::execv(program.c_str(), pointers.data());
    complain("cannot run " + program + ": " + std::strerror(errno));
    return ExitCode::failed;
}

}  // namespace comar::cli
