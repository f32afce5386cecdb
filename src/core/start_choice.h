// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dependency_graph.h"
#include "core/plan.h"
#include "core/service_facts.h"

namespace comar {

/// Which services a start takes along, and which of those asked for cannot start at all.
///
/// First come, first served: what is in a conflict with what was chosen before is refused, and so
/// is all that needs it. Services that are up and needed by what is chosen are kept: they need no
/// start, and nothing may be chosen that would stop them. What is down and they need is not made up
/// for, since somebody else looks after services that run; what changes just now is waited for.
class StartChoice {
public:
    /// Both outlive the choice, and the graph does not change.
    StartChoice(const DependencyGraph& graph, const ServiceFacts& facts, StopManner manner);

    /// With all that it needs, or fails and chooses nothing. One that was chosen before is fine.
    Result<> choose(NameId app);

    /// Then what the chosen ones want, what that wants, and so on.
    void choose_wanted();

    struct Chosen {
        NameId app;
        /// Who takes it along, and why; nothing where it was asked for itself.
        std::optional<DependencyGraph::Link> because;
    };
    /// Those that are to be started.
    [[nodiscard]] const std::vector<Chosen>& chosen() const { return chosen_; }
    /// Chosen, or up and needed by what is.
    [[nodiscard]] bool must_run(NameId app) const { return at(app).mark == Mark::taken; }

    struct LeftOut {
        NameId app;
        Error error;
    };
    /// What is wanted and cannot start.
    [[nodiscard]] const std::vector<LeftOut>& left_out() const { return left_out_; }

private:
    enum class Mark { none, open, looked_at, taken, refused };
    struct Candidate {
        Mark mark = Mark::none;
        std::optional<DependencyGraph::Link> because;
        /// Of a refused one: the need that cannot be met, or what is in the way itself.
        DependencyGraph::Link refused_by{};
        std::string obstacle;
    };
    struct Visit {
        NameId app;
        bool is_up;
        DependencyGraph::Links needs;
        std::size_t next = 0;
    };
    /// Why one cannot start, and what is known of the others by that.
    struct Obstacle {
        std::string text;
        bool only_here;  ///< false: nor can anything else that needs it
    };

    [[nodiscard]] const Candidate& at(NameId app) const { return candidates_[index(app)]; }
    [[nodiscard]] Candidate& at(NameId app) { return candidates_[index(app)]; }

    [[nodiscard]] std::optional<Obstacle> walk();
    [[nodiscard]] std::optional<Obstacle> visit(NameId app);
    [[nodiscard]] std::optional<Obstacle> follow(NameId from, const DependencyGraph::Link& need);
    [[nodiscard]] std::optional<Obstacle> conflict_of(NameId app, bool is_up) const;
    [[nodiscard]] std::optional<Obstacle> unstoppable_conflict_of(NameId app) const;
    [[nodiscard]] std::vector<std::string> up_and_needing(NameId app,
                                                          DependencyGraph::Depth depth) const;
    [[nodiscard]] std::string circle_to(NameId app, const DependencyGraph::Link& closing) const;
    void take_all();
    Error refuse(Obstacle obstacle);
    [[nodiscard]] Error refusal(NameId app) const;

    const DependencyGraph& graph_;
    const ServiceFacts& facts_;
    StopManner manner_;  ///< of what is in conflict with what is chosen
    std::vector<Candidate> candidates_;
    std::vector<Visit> path_;      ///< from the one asked for to the one that is looked at
    std::vector<NameId> visited_;  ///< since choose() was asked
    std::vector<Chosen> chosen_;
    std::vector<LeftOut> left_out_;
};

}  // namespace comar
