// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/result.h"
#include "core/startup_state.h"

namespace comar {

/// The start-up states: a file of the service's name in one of the folders enabled, disabled and
/// conditional (SPEC 1). Other programs read and write them too, so nothing is remembered here.
class StartUpStates {
public:
    explicit StartUpStates(std::string folder) : folder_(std::move(folder)) {}

    /// Empty: nobody has chosen one, which means off. In several folders: on, then conditional.
    [[nodiscard]] std::optional<StartUp> chosen(const std::string& app) const;
    [[nodiscard]] StartUp get(const std::string& app) const {
        return chosen(app).value_or(StartUp::off);
    }

    /// All that were chosen, with one look at each folder.
    [[nodiscard]] std::map<std::string, StartUp> all() const;

    /// Records it, durably. The new file comes before the old ones go: a crash between leaves a
    /// state that was asked for once.
    Result<> set(const std::string& app, StartUp state) const;

    /// Forgets what was chosen.
    Result<> clear(const std::string& app) const;

private:
    [[nodiscard]] std::string path_of(const std::string& app, StartUp state) const;

    std::string folder_;
};

}  // namespace comar
