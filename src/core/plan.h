// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/dependency_graph.h"
#include "core/predecessor.h"
#include "core/result.h"
#include "core/service_facts.h"

namespace comar {

enum class StepAction { start, stop };

/// One service that a plan starts or stops.
struct PlanStep {
    std::string app;
    StepAction action = StepAction::start;
    /// Whose start or stop takes it along; empty where it was asked for itself.
    std::string because_of;
    std::optional<Dependency> edge;  ///< and by which statement
    std::vector<Predecessor> after;  ///< steps that come first; their places are before its own
};

struct Plan {
    std::vector<PlanStep> steps;

    /// What was asked for and cannot start, and what is only wanted by others and cannot. The
    /// steps do without them, and without what would have been started for them alone.
    struct Refusal {
        std::string app;
        Error error;
    };
    std::vector<Refusal> refused;
    std::vector<Refusal> left_out;

    /// Statements that the order does not keep, since they are in a circle. There are none where
    /// no service of a circle was ever accepted.
    std::vector<Dependency> ignored;
};

/// What becomes of running services that need what is stopped.
enum class StopManner {
    alone,            ///< there may be none
    with_dependents,  ///< they stop first; where one does not, what it needs goes on
    shutdown,         ///< they stop first; where one does not, never mind
};

/// Starts the targets with all that they need and want, and stops what conflicts with that, and
/// what needs what is stopped; with StopManner::alone, who would have to stop what others need is
/// refused. What runs already gets no step. Where two targets are in each other's way, the first
/// one has it.
[[nodiscard]] Plan plan_start(const DependencyGraph& graph, const std::vector<std::string>& targets,
                              const ServiceFacts& facts,
                              StopManner manner = StopManner::with_dependents);

/// Stops the targets, those first that are to start last. What does not run gets no step. Fails
/// for a name that nobody has, and for StopManner::alone with the names of all who need a target.
[[nodiscard]] Result<Plan> plan_stop(const DependencyGraph& graph,
                                     const std::vector<std::string>& targets,
                                     const ServiceFacts& facts, StopManner manner);

/// "cannot stop db: web requires it; 'comar stop --with-dependents db' stops web and shop, too".
/// `direct`: those that keep it from being stopped; `all`: with those that need them.
[[nodiscard]] std::string why_not_stopped(const std::string& app,
                                          const std::vector<std::string>& direct,
                                          const std::vector<std::string>& all);

/// "web needs db (/etc/web.py:3)": why there is a step, for people; empty where it was asked for
/// itself.
[[nodiscard]] std::string describe_reason(const PlanStep& step);

}  // namespace comar
