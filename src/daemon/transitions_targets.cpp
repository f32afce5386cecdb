// SPDX-License-Identifier: MIT
// What a boot, a switch or a shutdown is to do.
#include <algorithm>
#include <iterator>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/dependency_reach.h"
#include "daemon/invoker.h"
#include "daemon/service_activity.h"
#include "daemon/transitions.h"
#include "os/read_file.h"

namespace comar {
namespace {

constexpr std::size_t longest_command_line = std::size_t{1} << 20;

}  // namespace

/// Of the default group are those that are on or conditional; another one lists its own.
std::vector<std::string> Transitions::members_of(const std::string& group) const {
    if (const auto found = parts_.settings.groups.find(group);
        found != parts_.settings.groups.end()) {
        return apps_of(found->second);
    }
    if (group == "rescue") return {};
    if (group == "single") return apps_of(parts_.settings.essential);
    std::vector<std::string> members;
    for (const auto& [app, state] : parts_.start_up.all()) {
        const bool is_there = parts_.registry.find(service_model, app) != nullptr;
        if (state != StartUp::off && is_there) members.push_back(app);
    }
    return members;
}

/// Who is meant by each name. One that nobody has stays, and is told when it is to be started.
std::vector<std::string> Transitions::apps_of(std::vector<std::string> names) const {
    for (std::string& name : names) name = parts_.graph.resolve(name).value_or(name);
    return names;
}

/// Whoever lists what is essential wants it in a safe boot, whether others start it or not.
std::vector<std::string> Transitions::targets_of(const BootOptions& options) const {
    return is_safe(options) ? apps_of(parts_.settings.essential)
                            : members_of(options.group.value_or(group_));
}

bool Transitions::is_safe(const BootOptions& options) const {
    return options.safe || parts_.settings.safe;
}

/// Somebody who turns one of them off means that it is not to be started.
bool Transitions::goes_by_state(const std::string& group) const {
    return group == default_group && !parts_.settings.groups.contains(group);
}

/// As the kernel's command line and the settings have them.
std::vector<std::string> Transitions::head_start_names(const BootOptions& options) const {
    auto names = options.head_start;
    names.insert(names.end(), parts_.settings.head_start.begin(), parts_.settings.head_start.end());
    return names;
}

/// Those of the targets that go first.
std::vector<std::string> Transitions::head_start_of(const BootOptions& options) const {
    std::set<std::string> first;
    for (const std::string& name : head_start_names(options)) {
        if (const auto app = parts_.graph.resolve(name)) first.insert(*app);
    }
    auto targets = targets_of(options);
    std::erase_if(targets, [&](const std::string& app) { return !first.contains(app); });
    return targets;
}

/// What is asked for, if there is such a group.
std::string Transitions::group_of(const BootOptions& options) const {
    return options.group && is_group(*options.group) ? *options.group : default_group;
}

Transitions::Preview Transitions::preview_of_boot(const BootOptions& options) const {
    BootOptions wanted = options;
    wanted.group = group_of(options);
    const auto targets = targets_of(wanted);
    std::set<std::string> asked;
    std::copy_if(targets.begin(), targets.end(), std::inserter(asked, asked.end()),
                 [this](const std::string& app) { return decides_itself(app); });
    return {plan_start(parts_.graph, targets, ServiceActivity(parts_.services)),
            with_all_below(head_start_of(wanted)), std::move(asked)};
}

/// The usual ready() of a service that is on starts it.
bool Transitions::decides_itself(const std::string& app) const {
    const Script* script = parts_.registry.find(service_model, app);
    const StartUp state = parts_.start_up.get(app);
    if (script == nullptr || state == StartUp::off) return false;
    return state == StartUp::conditional || script->facts.defines("ready");
}

/// A target decides by itself whether it starts, if it may; what it needs has no choice.
std::vector<Campaign::Step> Transitions::steps_of(const Plan& plan,
                                                  const std::vector<std::string>& targets) {
    const std::set<std::string> wanted(targets.begin(), targets.end());
    std::vector<Campaign::Step> steps;
    steps.reserve(plan.steps.size());
    for (const PlanStep& one : plan.steps) {
        Campaign::Step step;
        step.app = one.app;
        step.after = one.after;
        step.expected = parts_.memory.expected(one.app);
        if (one.action == StepAction::stop) {
            step.kind = JobKind::stop;
        } else if (wanted.contains(one.app) && decides_itself(one.app)) {
            step.kind = JobKind::ready;
        }
        const std::string reason = describe_reason(one);
        step.cause = record_->kind + (reason.empty() ? "" : ": " + reason);
        steps.push_back(std::move(step));
    }
    return steps;
}

BootOptions Transitions::kernel_options() const {
    const auto text = read_file(parts_.command_line, longest_command_line);
    return text ? parse_boot_options(*text) : BootOptions();
}

bool Transitions::is_group(const std::string& name) const {
    return name == default_group || name == "single" || name == "rescue" ||
           parts_.settings.groups.contains(name);
}

std::vector<Campaign::Step> Transitions::start(const std::vector<std::string>& targets,
                                               Chosen chosen) {
    open_up();
    if (chosen == Chosen::by_state) chosen_.insert(targets.begin(), targets.end());
    const Plan plan = plan_start(parts_.graph, targets, ServiceActivity(parts_.services));
    for (const auto& [app, error] : plan.refused) {
        spdlog::error("{} is not started: {}", app, error.message);
        record_->services[app] = {"start", {}, -1, -1, -1, "failed", error.message};
        const auto id = parts_.graph.app_of(app);
        if (id && parts_.graph.unmet_need(*id) != nullptr) missed(app, error.message);
    }
    return steps_of(plan, targets);
}

/// The targets, whatever name they go by, and what those require, want or ask for in their code.
std::set<std::string> Transitions::with_all_below(const std::vector<std::string>& targets) const {
    std::vector<NameId> ids;
    for (const std::string& name : targets) {
        if (const auto id = parts_.graph.app_of(name)) ids.push_back(*id);
    }
    const DependencyReach reach(parts_.graph, &DependencyGraph::brought_up_by, ids);
    std::set<std::string> names;
    for (const NameId id : reach.apps()) names.insert(parts_.graph.names().text(id));
    return names;
}

/// All that run, but for the targets and what is below them.
std::vector<Campaign::Step> Transitions::stop_all_but(const std::vector<std::string>& targets) {
    const auto wanted = with_all_below(targets);
    const ServiceActivity activity(parts_.services);
    std::vector<std::string> unwanted;
    for (const std::string& app : parts_.registry.apps_of(service_model)) {
        if (!wanted.contains(app) && activity.activity(app) != Activity::down) {
            unwanted.push_back(app);
        }
    }
    const auto plan = plan_stop(parts_.graph, unwanted, activity, StopManner::shutdown);
    return plan ? steps_of(*plan, {}) : std::vector<Campaign::Step>();
}

}  // namespace comar
