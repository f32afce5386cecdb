// SPDX-License-Identifier: MIT
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/output.h"

namespace comar::cli {
namespace {

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

ExitCode run(std::string_view program, const std::vector<std::string_view>& words, Output& output) {
    const auto invocation = parse_arguments(last_part(program), words, commands());
    if (!invocation) {
        complain(invocation.error().message);
        return ExitCode::bad_usage;
    }
    return invocation->command->run(*invocation, output);
}

/// Nobody relies on an answer that did not arrive. A reader that has left needs no message.
ExitCode finish(Output& output, ExitCode code) {
    if (output.flush()) return code;
    const int error = output.error();
    if (error != EPIPE) complain(std::string("cannot write the answer: ") + std::strerror(error));
    return ExitCode::failed;
}

}  // namespace
}  // namespace comar::cli

int main(int argc, char** argv) {
    using namespace comar::cli;
    std::signal(SIGPIPE, SIG_IGN);  // a write then fails, and that is noticed
    const std::string_view program = argc > 0 ? argv[0] : "comar";
    std::vector<std::string_view> words;
    for (int i = 1; i < argc; ++i) words.emplace_back(argv[i]);
    Output output(STDOUT_FILENO);
    return static_cast<int>(finish(output, run(program, words, output)));
}
