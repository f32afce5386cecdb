// SPDX-License-Identifier: MIT
#include "cli/language.h"

#include <cstdlib>

namespace comar::cli {
namespace {

std::string_view main_language(std::string_view language) {
    return language.substr(0, language.find('_'));
}

}  // namespace

std::string language_of(const Lookup& environment) {
    for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
        const char* value = environment(name);
        if (value == nullptr || *value == '\0') continue;
        const std::string_view locale(value);
        const auto language = locale.substr(0, locale.find_first_of(".@"));
        if (language.empty() || language == "C" || language == "POSIX") return "en";
        return std::string(language);
    }
    return "en";
}

std::string user_language() {
    return language_of([](const char* name) -> const char* { return std::getenv(name); });
}

std::string in_language(const std::map<std::string, std::string>& texts,
                        std::string_view language) {
    for (const auto wanted : {language, main_language(language), std::string_view("en")}) {
        const auto found = texts.find(std::string(wanted));
        if (found != texts.end()) return found->second;
    }
    return texts.empty() ? std::string() : texts.begin()->second;
}

}  // namespace comar::cli
