// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

namespace comar {

/// The language that each caller has chosen with setLocale, until it leaves.
class Languages {
public:
    /// False: it is no name of a language. Choices beyond a limit are dropped.
    bool choose(const std::string& caller, const std::string& language);
    /// "en" for who has not chosen.
    [[nodiscard]] std::string of(const std::string& caller) const;
    void forget(const std::string& caller) { chosen_.erase(caller); }

private:
    std::map<std::string, std::string> chosen_;
};

}  // namespace comar
