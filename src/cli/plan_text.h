// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/session.h"

namespace comar::cli {

/// A dry run: what would be started and stopped, in which order, and why; and what each script
/// would do.
class Plans {
public:
    /// `session` outlives it.
    explicit Plans(Session& session) : session_(session) {}

    /// `verb`: "start", "stop" or "boot".
    ExitCode tell(const std::string& verb, const std::vector<std::string>& services,
                  bool with_dependents, bool as_json, Output& output) const;

    /// All that a stop of these ends, in its order: those that require others first. Empty where
    /// that cannot be told.
    [[nodiscard]] std::vector<std::string> order_of_stop(const std::vector<std::string>& services,
                                                         bool with_dependents) const;

private:
    /// Tries each step, and what the scripts ask for meanwhile. False: one could not be tried, or
    /// fails.
    bool rehearse_all(nlohmann::ordered_json& steps) const;
    [[nodiscard]] std::vector<nlohmann::ordered_json> steps_of_call(const std::string& app) const;

    Session& session_;
};

}  // namespace comar::cli
