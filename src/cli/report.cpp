// SPDX-License-Identifier: MIT
#include "cli/report.h"

#include <cerrno>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/member.h"
#include "cli/output.h"
#include "cli/session.h"
#include "core/name.h"

namespace comar::cli {
namespace {

void advise_to_start(const Address& address) { advise("start it with: " + address.start_command); }

/// The folder that this comard puts before every path; empty for "/".
std::string root_of(Bus& bus) {
    const Reply reply = bus.call(
        bus.method(manager_properties("Get"), "ss", manager_interface, "Root"), Patience::reading);
    const char* root = nullptr;
    if (!reply || sd_bus_message_read(reply->get(), "v", "s", &root) <= 0) return "";
    std::string path(root);
    while (path.ends_with('/')) path.pop_back();
    return path;
}

/// "; log: /var/log/comar/nginx.log", unless there is surely none.
std::string log_advice(Bus& bus, const std::string& service) {
    const std::string path = log_folder(root_of(bus)) + "/" + bus_safe_name(service) + ".log";
    if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return "";
    return "; log: " + path;
}

/// comard's own errors often begin as ours would, with the service's canonical name.
std::string complaint(std::string_view doing, const std::string& reason) {
    const auto space = doing.find(' ');
    const std::string_view verb = doing.substr(0, space);
    const std::string service =
        space == std::string_view::npos ? "" : bus_safe_name(doing.substr(space + 1));
    if (reason.starts_with(fmt::format("cannot {} {}", verb, service))) return reason;
    return fmt::format("cannot {}: {}", doing, reason);
}

}  // namespace

void report_unreachable(const Address& address, const Error& error) {
    complain("cannot reach comard: " + error.message);
    if (error.kind == ErrorKind::unavailable) advise_to_start(address);
}

void report_failure(const Session& session, std::string_view doing, const CallFailure& failure) {
    complain(complaint(doing, reason_of(failure)));
    const ExitCode code = exit_code_of(failure);
    if (is_unreachable(failure)) {
        advise("tried: " + session.address.socket +
               (session.address.or_system_bus ? " and the system bus" : ""));
        advise_to_start(session.address);
    } else if (code == ExitCode::not_authorized) {
        advise("only root may do that, and whom polkit allows it");
    } else if (code == ExitCode::not_installed) {
        advise(fmt::format("see: comar{} list", session.address.options));
    }
}

void report_service_failure(Session& session, std::string_view verb, const std::string& service,
                            const CallFailure& failure) {
    report_failure(session, fmt::format("{} {}", verb, service), failure);
    const ExitCode code = exit_code_of(failure);
    const bool script_said_no = code == ExitCode::failed && !is_unreachable(failure);
    if (!script_said_no && code != ExitCode::unimplemented) return;
    advise(fmt::format("see: comar{} status {}{}", session.address.options, service,
                       script_said_no ? log_advice(session.bus, service) : ""));
}

}  // namespace comar::cli
