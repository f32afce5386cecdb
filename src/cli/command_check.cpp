// SPDX-License-Identifier: MIT
// comar check FILE...: the checks of registering, done by the script host itself.
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/member.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/text.h"

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

/// Circles, contradictions and unknown names, of which only comard knows.
ExitCode check_together(const Invocation& invocation, Output& output) {
    auto session = open_session(invocation, Texts::none);
    if (!session) return ExitCode::failed;
    const Reply reply =
        session->bus.call(session->bus.method(manager_member("Check")), Patience::reading);
    if (!reply) {
        report_failure(*session, "check", reply.error());
        return exit_code_of(reply.error());
    }
    ExitCode code = ExitCode::ok;
    auto findings = nlohmann::ordered_json::array();
    sd_bus_message* const message = reply->get();
    (void)sd_bus_message_enter_container(message, 'a', "(sss)");
    const char* app = nullptr;
    const char* severity = nullptr;
    const char* text = nullptr;
    while (sd_bus_message_read(message, "(sss)", &app, &severity, &text) > 0) {
        if (std::string_view(severity) == "error") code = ExitCode::failed;
        if (invocation.json) {
            findings.push_back({{"name", app}, {"severity", severity}, {"message", text}});
        } else {
            output.print(escape_line(app) + ": " + severity + ": " + escape_line(text) + "\n");
        }
    }
    if (invocation.json) print_json(output, findings, JsonLayout::indented);
    return code;
}

}  // namespace

ExitCode run_check(const Invocation& invocation, Output& output) {
    if (invocation.all) return check_together(invocation, output);
    if (invocation.operands.empty()) {
        complain("cannot check nothing: name a file, or --all; see: comar help check");
        return ExitCode::bad_usage;
    }
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
