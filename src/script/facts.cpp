// SPDX-License-Identifier: MIT
#include "script/facts.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace comar {
namespace {

using nlohmann::json;

template <class T>
void read_optional(const json& object, const char* key, std::optional<T>& into) {
    if (const auto found = object.find(key); found != object.end() && !found->is_null()) {
        into = found->get<T>();
    }
}

std::optional<StartUp> read_default(const json& object) {
    std::optional<std::string> word;
    read_optional(object, "default", word);
    return word ? parse_start_up(*word) : std::nullopt;
}

std::string text_or_empty(const json& value) {
    return value.is_string() ? value.get<std::string>() : std::string();
}

using How = Facts::Edge::How;

/// The words of the protocol, in the order of the enumeration.
constexpr std::array<std::string_view, 2> how_words = {"startDependencies", "call"};

/// Files that were written earlier have pairs, which said nothing of how.
Facts::Edge read_edge(const json& edge) {
    const std::string how = edge.size() > 2 ? edge.at(2).get<std::string>() : std::string();
    return {edge.at(0).get<std::string>(), edge.at(1).get<int>(),
            how == how_words[0] ? How::start_dependencies : How::call};
}

json to_json(const Facts::Edge& edge) {
    return {edge.app, edge.line, how_words.at(static_cast<std::size_t>(edge.how))};
}

/// The words of the protocol, in the order of the enumeration.
constexpr std::array<std::string_view, 3> status_words = {"none", "pidfile", "processes"};

/// What was written before this was known: the most careful one.
Facts::PlainStart::Status parse_status(const std::string& word) {
    const auto found = std::find(status_words.begin(), status_words.end(), word);
    if (found == status_words.end()) return Facts::PlainStart::Status::processes;
    return static_cast<Facts::PlainStart::Status>(found - status_words.begin());
}

std::optional<Facts::PlainStart> read_plain_start(const json& object) {
    const auto plain = object.find("plain_start");
    if (plain == object.end() || plain->is_null()) return std::nullopt;
    return Facts::PlainStart{
        .arguments = plain->at("arguments").get<std::vector<std::string>>(),
        .pidfile = text_or_empty(plain->at("pidfile")),
        .notifies = plain->value("notifies", false),
        .status = parse_status(plain->value("status", std::string())),
        .status_pidfile = text_or_empty(plain->value("status_pidfile", json())),
    };
}

std::optional<Facts::PlainStop> read_plain_stop(const json& object) {
    const auto plain = object.find("plain_stop");
    if (plain == object.end() || plain->is_null()) return std::nullopt;
    return Facts::PlainStop{plain->at("pidfile").get<std::string>(), plain->at("signal").get<int>(),
                            plain->value("notifies", false)};
}

json to_json(const std::optional<Facts::PlainStop>& plain) {
    if (!plain) return nullptr;
    return {{"pidfile", plain->pidfile}, {"signal", plain->signal}, {"notifies", plain->notifies}};
}

json to_json(const std::optional<Facts::PlainStart>& plain) {
    if (!plain) return nullptr;
    const auto text_or_null = [](const std::string& text) {
        return text.empty() ? json() : json(text);
    };
    return {{"arguments", plain->arguments},
            {"pidfile", text_or_null(plain->pidfile)},
            {"notifies", plain->notifies},
            {"status", status_words.at(static_cast<std::size_t>(plain->status))},
            {"status_pidfile", text_or_null(plain->status_pidfile)}};
}

Facts read(const json& object) {
    Facts facts;
    facts.type = object.value("type", json()).is_string() ? object["type"].get<std::string>() : "";
    read_optional(object, "description", facts.description);
    facts.default_state = read_default(object);
    read_optional(object, "conf", facts.conf);
    facts.methods = object.value("methods", std::vector<std::string>{});
    read_optional(object, "functions", facts.functions);
    facts.synchronized = object.value("synchronized", std::vector<std::string>{});
    for (const auto& edge : object.value("starts", json::array())) {
        facts.starts.push_back(read_edge(edge));
    }
    facts.settings = object.value("settings", json::object());
    if (!facts.settings.is_object()) facts.settings = json::object();
    facts.setting_lines = object.value("setting_lines", std::map<std::string, int>{});
    facts.plain_start = read_plain_start(object);
    facts.plain_stop = read_plain_stop(object);
    facts.actions = object.value("actions", std::map<std::string, std::string>{});
    return facts;
}

}  // namespace

std::optional<std::string> Facts::action_of(const std::string& method) const {
    const auto found = actions.find(method);
    return found == actions.end() ? std::nullopt : std::optional(found->second);
}

bool Facts::defines(std::string_view method) const {
    return std::find(methods.begin(), methods.end(), method) != methods.end();
}

bool Facts::may_have_function(std::string_view name) const {
    return !functions || std::find(functions->begin(), functions->end(), name) != functions->end();
}

bool Facts::locks(std::string_view method) const {
    return std::find(synchronized.begin(), synchronized.end(), method) != synchronized.end();
}

json to_json(const Facts& facts) {
    json object;
    object["type"] = facts.type;
    object["description"] = facts.description ? json(*facts.description) : json();
    object["default"] =
        facts.default_state ? json(std::string(to_string(*facts.default_state))) : json();
    object["conf"] = facts.conf ? json(*facts.conf) : json();
    object["methods"] = facts.methods;
    object["functions"] = facts.functions ? json(*facts.functions) : json();
    object["synchronized"] = facts.synchronized;
    object["plain_start"] = to_json(facts.plain_start);
    object["plain_stop"] = to_json(facts.plain_stop);
    object["settings"] = facts.settings;
    object["setting_lines"] = facts.setting_lines;
    object["actions"] = facts.actions;
    object["starts"] = json::array();
    for (const auto& edge : facts.starts) object["starts"].push_back(to_json(edge));
    return object;
}

Result<Facts> parse_facts(const json& object) {
    try {
        if (object.is_object()) return read(object);
        return failure(ErrorKind::invalid, "cannot read facts of a script: no object");
    } catch (const json::exception& error) {
        return failure(ErrorKind::invalid,
                       std::string("cannot read facts of a script: ").append(error.what()));
    }
}

std::string text_for(const std::map<std::string, std::string>& texts, std::string_view language) {
    const std::string_view with_country = language.substr(0, language.find_first_of(".@"));
    const std::string_view base = with_country.substr(0, with_country.find('_'));
    for (const std::string_view wish : {with_country, base, std::string_view("en")}) {
        if (const auto found = texts.find(std::string(wish)); found != texts.end()) {
            return found->second;
        }
    }
    return texts.empty() ? std::string() : texts.begin()->second;
}

}  // namespace comar
