// SPDX-License-Identifier: MIT
#include "bus/dict.h"

#include <utility>

namespace comar::bus {

Json empty_dict() { return {{"dict", Json::array()}}; }

void put(Json& dict, std::string key, Json value) {
    dict["dict"].push_back(Json::array({std::move(key), std::move(value)}));
}

Json value_of(const Json& dict, std::string_view key) {
    for (const Json& entry : dict.at("dict")) {
        if (entry[0] == key) return entry[1];
    }
    return {};
}

}  // namespace comar::bus
