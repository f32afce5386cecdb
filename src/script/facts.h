// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/result.h"
#include "core/startup_state.h"

namespace comar {

/// What the text of a script tells without running it (docs/protocol.md, `check`).
struct Facts {
    /// Another service that start() or ready() starts, the line that says so, and with what.
    struct Edge {
        /// startDependencies() goes on when the other service does not start, call() raises.
        enum class How { start_dependencies, call };
        std::string app;  ///< its canonical name
        int line = 0;
        How how = How::call;
        bool operator==(const Edge&) const = default;
    };

    std::string type;  ///< serviceType; empty for models other than System.Service
    /// serviceDesc by language; empty where only running the script tells.
    std::optional<std::map<std::string, std::string>> description;
    std::optional<StartUp> default_state;  ///< serviceDefault
    std::optional<std::string> conf;       ///< serviceConf
    std::vector<std::string> methods;      ///< functions at top level
    /// What settings may name by "function:NAME". None: only running the script tells.
    std::optional<std::vector<std::string>> functions;
    std::vector<std::string> synchronized;  ///< methods that run under the script's lock
    std::vector<Edge> starts;
    /// What start() does, where that is to start one program and nothing else: `arguments`, and the
    /// `pidfile` that comar writes. None: only running it tells.
    struct PlainStart {
        std::vector<std::string> arguments;
        std::string pidfile;    ///< empty: none
        bool notifies = false;  ///< donotify: it says "started" as soon as the program runs
        /// How its status() tells, which startService() asks first: there is none, by the pidfile
        /// with that path, or by looking at processes.
        enum class Status { none, pidfile, processes };
        Status status = Status::processes;
        std::string status_pidfile;
    };
    std::optional<PlainStart> plain_start;
    /// What stop() ends, where it does nothing else: the process that a pidfile names.
    struct PlainStop {
        std::string pidfile;
        int signal = 0;
        bool notifies = false;  ///< donotify
    };
    std::optional<PlainStop> plain_stop;
    /// Module variables such as serviceRestart, by their keys (comar-script(5)), and their lines.
    nlohmann::json settings = nlohmann::json::object();
    std::map<std::string, int> setting_lines;
    /// Polkit actions that the script wants on top of the model's, by method.
    std::map<std::string, std::string> actions;

    [[nodiscard]] bool defines(std::string_view method) const;
    [[nodiscard]] bool may_have_function(std::string_view name) const;
    [[nodiscard]] bool locks(std::string_view method) const;
    [[nodiscard]] std::optional<std::string> action_of(const std::string& method) const;
};

[[nodiscard]] nlohmann::json to_json(const Facts& facts);
/// Reads what to_json wrote or what a worker answered. Wrong types are an error, unknown keys not.
[[nodiscard]] Result<Facts> parse_facts(const nlohmann::json& object);

/// The text for `language` ("tr_TR.UTF-8", "tr"), else English, else any; empty if there is none.
[[nodiscard]] std::string text_for(const std::map<std::string, std::string>& texts,
                                   std::string_view language);

}  // namespace comar
