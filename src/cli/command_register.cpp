// SPDX-License-Identifier: MIT
// comar register NAME FILE: comard checks the script, translates it where needed, and keeps it.
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/member.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/session.h"

namespace comar::cli {
namespace {

/// What checking the script brought up.
struct Findings {
    std::size_t errors = 0;
    std::string text;  ///< a line each: "file:line: severity: message"
    std::string diff;  ///< of the translation; empty: none was needed
};

int read_findings(sd_bus_message* reply, Findings& findings) {
    int r = sd_bus_message_enter_container(reply, 'a', "(suss)");
    const char* severity = nullptr;
    std::uint32_t line = 0;
    const char* file = nullptr;
    const char* message = nullptr;
    while (r > 0 &&
           (r = sd_bus_message_read(reply, "(suss)", &severity, &line, &file, &message)) > 0) {
        if (std::string_view(severity) == "error") ++findings.errors;
        const std::string place = line == 0 ? file : fmt::format("{}:{}", file, line);
        findings.text += fmt::format("{}: {}: {}\n", place, severity, message);
    }
    if (r >= 0) r = sd_bus_message_exit_container(reply);
    const char* diff = nullptr;
    if (r >= 0) r = sd_bus_message_read(reply, "s", &diff);
    if (r > 0) findings.diff = diff;
    return r;
}

/// comard has another working directory, so it gets the whole path.
std::optional<std::string> whole_path(const std::string& file) {
    struct Release {
        void operator()(char* text) const noexcept { std::free(text); }
    };
    const std::unique_ptr<char, Release> path(::realpath(file.c_str(), nullptr));
    if (!path) return std::nullopt;
    return path.get();
}

void tell(const std::string& service, const Findings& findings) {
    if (!findings.text.empty()) note(findings.text);
    if (findings.diff.empty()) return;
    complain("warning: " + service + " was written for Python 2; it is used with these changes:");
    note(findings.diff);
}

ExitCode register_script(Session& session, const Invocation& invocation, const std::string& path) {
    const std::string& service = invocation.operands[0];
    const std::string model = invocation.model.empty() ? "System.Service" : invocation.model;
    Bus& bus = session.bus;
    const Reply reply =
        bus.call(bus.method(manager_member("Register"), "sss", bus_safe_name(service).c_str(),
                            model.c_str(), path.c_str()),
                 Patience::job);
    if (!reply) {
        report_failure(session, "register " + service, reply.error());
        return exit_code_of(reply.error());
    }
    Findings findings;
    if (read_findings(reply->get(), findings) < 0) {
        complain("cannot understand what comard says about " + invocation.operands[1]);
        return ExitCode::failed;
    }
    tell(service, findings);
    if (findings.errors == 0) return ExitCode::ok;
    complain(fmt::format("cannot register {}: {} has errors", service, invocation.operands[1]));
    return ExitCode::failed;
}

}  // namespace

ExitCode run_register(const Invocation& invocation, Output& output) {
    const auto path = whole_path(invocation.operands[1]);
    if (!path) {
        complain(fmt::format("cannot register {}: cannot open {}: {}", invocation.operands[0],
                             invocation.operands[1], std::strerror(errno)));
        return ExitCode::failed;
    }
    auto session = open_session(invocation, Texts::in_user_language, Purpose::change);
    if (!session) return ExitCode::failed;
    const ExitCode code = register_script(*session, invocation, *path);
    if (code == ExitCode::ok && invocation.verbose)
        output.print(invocation.operands[0] + ": registered\n");
    return code;
}

}  // namespace comar::cli
