// SPDX-License-Identifier: MIT
#include "daemon/json_text.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace comar {
namespace {

bool is_plain(unsigned char letter) {
    return letter >= ' ' && letter < 0x7f && letter != '"' && letter != '\\';
}

std::string literal_of(std::string_view text) {
    if (std::ranges::all_of(text, is_plain)) return '"' + std::string(text) + '"';
    using nlohmann::json;
    return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

void JsonText::add(std::string_view key, std::string_view text) { add_json(key, literal_of(text)); }

void JsonText::add(std::string_view key, std::int64_t number) {
    add_json(key, std::to_string(number));
}

void JsonText::add(std::string_view key, std::uint64_t number) {
    add_json(key, std::to_string(number));
}

void JsonText::add(std::string_view key, bool value) { add_json(key, value ? "true" : "false"); }

void JsonText::add(std::string_view key, const std::vector<std::string>& texts) {
    std::string list;
    for (const std::string& text : texts) list += (list.empty() ? "[" : ",") + literal_of(text);
    add_json(key, list.empty() ? "[]" : list + "]");
}

void JsonText::add_json(std::string_view key, std::string_view json) {
    text_ += text_.empty() ? "{\"" : ",\"";
    text_ += key;
    text_ += "\":";
    text_ += json;
}

}  // namespace comar
