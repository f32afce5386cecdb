// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/dependency_graph.h"
#include "daemon/registrar.h"
#include "daemon/settings.h"
#include "daemon/settings_book.h"
#include "daemon/start_memory.h"
#include "daemon/start_up_states.h"
#include "script/registry.h"

namespace comar {

/// What each service needs: what its script and its administrator declare, what the text of its
/// start() shows, and what its starts have really asked for. The last two order services, as far
/// as they close no circle; only what is declared starts or stops anybody.
class DependencyBook {
public:
    /// All of them outlive the book. `common`: has an administrator's choice, by virtual name.
    struct Parts {
        const Registry& registry;
        const SettingsBook& book;
        const StartUpStates& start_up;
        StartMemory& memory;
        const Settings& common;
    };

    explicit DependencyBook(Parts parts);

    /// Of all scripts that are registered. Choices in comard.toml that are surely wrong go to the
    /// log.
    void load();
    /// Its script or settings are other ones now, or it has learned something.
    void refresh(const std::string& app);
    void remove(const std::string& app);
    /// The start of `app` has asked for that of `other`.
    void asked(const std::string& app, const std::string& other);
    /// A whole run of its start() has asked for these, and for nobody else.
    void asked_only(const std::string& app, const std::set<std::string>& others);
    /// Its script is another one: what earlier versions have asked for says nothing about it.
    void replaced(const std::string& app);

    [[nodiscard]] const DependencyGraph& graph() const { return graph_; }

    /// Those that it starts, or that are started for it: required, wanted, or asked for.
    [[nodiscard]] std::set<std::string> starts_of(const std::string& app) const;
    /// The reverse.
    [[nodiscard]] std::set<std::string> starters_of(const std::string& app) const;

    /// What cannot be with such a script: circles and contradictions, each with the lines that make
    /// it. The script that comes last is to blame.
    [[nodiscard]] std::vector<Registrar::Finding> judge(const std::string& app, const Facts& facts,
                                                        const std::string& path);
    /// Over all scripts: errors, and names that nobody has as warnings.
    struct Finding {
        std::string app;
        bool is_error = false;
        std::string message;
    };
    [[nodiscard]] std::vector<Finding> check_all() const;

private:
    void put_script(const std::string& app);
    void forget_left_out(const std::string& app);
    void put(const std::string& app, const Facts& facts, const EffectiveSettings& settings,
             const std::string& path);
    void leave_out_circles(const std::string& app);
    void add_learned();
    [[nodiscard]] std::vector<Registrar::Finding> findings_of(const std::string& app) const;
    [[nodiscard]] std::string describe_choice(const DependencyNames::DoubtfulChoice& choice) const;
    [[nodiscard]] bool is_sure(const DependencyNames::DoubtfulChoice& choice) const;

    /// Who has asked for whom.
    using AskedPairs = std::set<std::pair<std::string, std::string>>;

    Parts parts_;
    DependencyGraph graph_;
    /// What was learned, and is not in the graph.
    AskedPairs left_out_;
    AskedPairs learned_;  ///< the others, which are in the graph
};

}  // namespace comar
