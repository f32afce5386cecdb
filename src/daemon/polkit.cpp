// SPDX-License-Identifier: MIT
#include "daemon/polkit.h"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

#include "bus/dict.h"

namespace comar {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr const char* authority = "org.freedesktop.PolicyKit1";
constexpr const char* authority_path = "/org/freedesktop/PolicyKit1/Authority";
constexpr const char* authority_interface = "org.freedesktop.PolicyKit1.Authority";

constexpr auto rules_limit = 25s;
/// Somebody may have to find a password, or another person who knows it.
constexpr auto person_limit = 300s;
constexpr std::uint32_t allow_interaction = 1;
/// A client that asks for so much at once is not a person.
constexpr std::size_t max_of_a_sender = 64;
constexpr std::size_t max_of_all = 1024;

std::string cancellation_id(std::uint64_t id) { return "comar-" + std::to_string(id); }

json dict_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
    json dict = bus::empty_dict();
    for (const auto& [key, value] : pairs) bus::put(dict, key, value);
    return dict;
}

/// CheckAuthorization((sa{sv}) subject, s action, a{ss} details, u flags, s cancellation_id)
json arguments_of(std::uint64_t id, const Polkit::Question& question) {
    json name = bus::empty_dict();
    bus::put(name, "name", {{"variant", {"s", question.sender}}});
    const json subject = {"system-bus-name", std::move(name)};
    // The id lets the check be called off; without a dialog there is nothing to call off.
    return {subject, question.action, dict_of(question.details),
            question.interactive ? allow_interaction : 0, cancellation_id(id)};
}

}  // namespace

void Polkit::ask(const Question& question, Answer answer) {
    if (pending_.size() >= max_of_all || asked_by(question.sender) >= max_of_a_sender) {
        return answer(false, "too many questions wait for polkit");
    }
    const std::uint64_t id = ++last_id_;
    pending_.emplace(id, Pending{question.sender, std::move(answer), {}});
    if (auto sent = send(id, question); !sent) {
        finish(id, false, "polkit cannot be asked: " + sent.error().message);
    }
}

Result<> Polkit::send(std::uint64_t id, const Question& question) {
    const auto& connection = bus_.connection();
    if (!connection || !connection->is_ready()) {
        return failure(ErrorKind::unavailable, "there is no system bus");
    }
    auto call = bus::Message::method_call(*connection, authority, authority_path,
                                          authority_interface, "CheckAuthorization");
    if (!call) return Failure(std::move(call.error()));
    auto filled = bus::append_body(call->get(), "(sa{sv})sa{ss}us", arguments_of(id, question),
                                   {"CheckAuthorization"});
    if (!filled) return filled;
    auto slot = connection->call_async(
        *call, question.interactive ? person_limit : rules_limit,
        [this, id, action = question.action](bus::Message& reply) { on_reply(id, action, reply); });
    if (!slot) return Failure(std::move(slot.error()));
    pending_.at(id).slot = std::move(*slot);
    return {};
}

/// The reply is ((bba{ss}) result): is authorized, would be after a dialog, details.
void Polkit::on_reply(std::uint64_t id, const std::string& action, const bus::Message& reply) {
    if (reply.is_error()) {
        cancel(id);
        return finish(id, false, "polkit does not tell: " + reply.error().text);
    }
    const auto body = bus::read_body(reply.get());
    if (!body || reply.signature() != "(bba{ss})") {
        return finish(id, false, "polkit's answer makes no sense");
    }
    const json& result = (*body)[0];
    if (result[0] == json(true)) return finish(id, true, "");
    finish(id, false,
           result[1] == json(true) ? action + " needs a password, and the caller allows no dialog"
                                   : "polkit's rules refuse " + action);
}

void Polkit::finish(std::uint64_t id, bool allowed, const std::string& reason) {
    const auto found = pending_.extract(id);
    if (!found.empty()) found.mapped().answer(allowed, reason);
}

/// A check that took too long would go on asking somebody.
void Polkit::cancel(std::uint64_t id) {
    const auto& connection = bus_.connection();
    if (!connection || !connection->is_ready()) return;
    auto call = bus::Message::method_call(*connection, authority, authority_path,
                                          authority_interface, "CancelCheckAuthorization");
    if (!call || !bus::append_body(call->get(), "s", json::array({cancellation_id(id)}), {"id"})) {
        return;
    }
    (void)connection->send(*call);
}

void Polkit::forget(const std::string& sender) {
    std::vector<std::uint64_t> ids;
    for (const auto& [id, pending] : pending_) {
        if (pending.sender == sender) ids.push_back(id);
    }
    for (const std::uint64_t id : ids) {
        cancel(id);
        finish(id, false, "the caller has left the bus");
    }
}

std::size_t Polkit::asked_by(const std::string& sender) const {
    return static_cast<std::size_t>(
        std::count_if(pending_.begin(), pending_.end(),
                      [&](const auto& item) { return item.second.sender == sender; }));
}

}  // namespace comar
