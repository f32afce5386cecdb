// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "cli/terminal.h"

namespace comar::cli {

/// The user's language as setLocale takes it, "tr" or "pt_BR": the first of LC_ALL, LC_MESSAGES
/// and LANG that is set, without code set and modifier, locale(7). C and POSIX read "en".
[[nodiscard]] std::string language_of(const Lookup& environment);

/// The language of this process's environment.
[[nodiscard]] std::string user_language();

/// The text in that language, else in its main language ("pt" for "pt_BR"), else in English, else
/// in the first language there is; empty when there is none.
[[nodiscard]] std::string in_language(const std::map<std::string, std::string>& texts,
                                      std::string_view language);

}  // namespace comar::cli
