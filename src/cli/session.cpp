// SPDX-License-Identifier: MIT
#include "cli/session.h"

#include "cli/language.h"
#include "cli/report.h"

namespace comar::cli {

std::optional<Session> open_session(const Invocation& invocation, Texts texts, Purpose purpose) {
    Address address = address_of(invocation);
    auto bus = Bus::connect(address, purpose);
    if (!bus) {
        report_unreachable(address, bus.error());
        return std::nullopt;
    }
    if (texts == Texts::in_user_language) bus->speak(user_language());
    PasswordAgent agent;
    if (purpose == Purpose::change && bus->may_ask()) agent = PasswordAgent::on_terminal();
    return Session{std::move(address), std::move(*bus), std::move(agent)};
}

}  // namespace comar::cli
