// SPDX-License-Identifier: MIT
#include "cli/failure.h"

#include <algorithm>

#include "core/name.h"

namespace comar::cli {
namespace {

/// What an error name means. A row with a text for people prefers it to the message.
struct Meaning {
    std::string_view name;
    std::string_view message_begins;  ///< empty: whatever the message
    ExitCode code;
    std::string_view reason;  ///< empty: the message
};

constexpr std::string_view no_such_service = "no such service is registered";
/// Only services have Supervision, and nothing else is asked for an interface.
constexpr std::string_view no_service =
    "it is no service: it has no script of model System.Service";
constexpr std::string_view not_running = "comard is not running";

constexpr Meaning meanings[] = {
    {"tr.org.pardus.comar.Missing", "", ExitCode::unimplemented, ""},
    {"tr.org.pardus.comar.Internal", "Unable to find", ExitCode::not_installed, no_such_service},
    {"tr.org.pardus.comar.Comar.PolicyKit", "", ExitCode::not_authorized, "not authorized"},
    {"org.freedesktop.DBus.Error.AccessDenied", "", ExitCode::not_authorized, "not authorized"},
    {"org.freedesktop.DBus.Error.UnknownObject", "", ExitCode::not_installed, no_such_service},
    {"org.freedesktop.DBus.Error.UnknownInterface", "", ExitCode::unimplemented, no_service},
    {"org.freedesktop.DBus.Error.UnknownMethod", "", ExitCode::unimplemented, ""},
    {"org.freedesktop.DBus.Error.ServiceUnknown", "", ExitCode::failed, not_running},
    {"org.freedesktop.DBus.Error.NameHasNoOwner", "", ExitCode::failed, not_running},
    {unreachable_name, "", ExitCode::failed, ""},
};

/// Exceptions of Python whose text is a bare value, "'port'" or "3", and no sentence.
constexpr std::string_view bare_values[] = {"KeyError", "SystemExit"};

/// "KeyError: 'port'"; other messages as they are.
std::string named_if_bare(const CallFailure& failure) {
    const auto name = failure.name.substr(failure.name.rfind('.') + 1);
    const bool is_bare = std::ranges::find(bare_values, name) != std::end(bare_values);
    return is_bare ? name + ": " + failure.message : failure.message;
}

const Meaning* meaning_of(const CallFailure& failure) {
    const auto found = std::ranges::find_if(meanings, [&](const Meaning& meaning) {
        return meaning.name == failure.name && failure.message.starts_with(meaning.message_begins);
    });
    return found == std::end(meanings) ? nullptr : found;
}

}  // namespace

CallFailure failure_of(const std::string& service, CallFailure failure) {
    constexpr std::string_view begin = "Unable to find ";
    if (!failure.message.starts_with(begin)) return failure;
    const auto end = failure.message.find(' ', begin.size());
    const auto found =
        failure.message.substr(begin.size(), end == std::string::npos ? end : end - begin.size());
    if (found != bus_safe_name(service)) failure.name = "tr.org.pardus.comar.Exception";
    return failure;
}

ExitCode exit_code_of(const CallFailure& failure) {
    const Meaning* meaning = meaning_of(failure);
    return meaning == nullptr ? ExitCode::failed : meaning->code;
}

std::string reason_of(const CallFailure& failure) {
    const Meaning* meaning = meaning_of(failure);
    if (meaning != nullptr && !meaning->reason.empty()) {
        const std::string reason(meaning->reason);
        const bool adds_to_it = meaning->code == ExitCode::not_authorized;
        return adds_to_it && !failure.message.empty() ? reason + " (" + failure.message + ")"
                                                      : reason;
    }
    return failure.message.empty() ? failure.name : named_if_bare(failure);
}

bool is_unreachable(const CallFailure& failure) {
    const Meaning* meaning = meaning_of(failure);
    return failure.name == unreachable_name ||
           (meaning != nullptr && meaning->reason == not_running);
}

}  // namespace comar::cli
