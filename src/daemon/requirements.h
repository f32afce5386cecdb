// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/dependency_graph.h"
#include "daemon/jobs.h"
#include "daemon/service.h"

namespace comar {

/// Keeps services and what they require together: starts it first, stops it last, and starts again
/// what failed for want of it.
class Requirements {
public:
    using FindService = std::function<Service*(const std::string& app)>;
    using Then = std::function<void(CallReply)>;

    /// Both outlive it.
    Requirements(const DependencyGraph& graph, FindService find_service,
                 std::function<bool(const std::string& app)> is_enabled)
        : graph_(graph),
          find_service_(std::move(find_service)),
          is_enabled_(std::move(is_enabled)) {}
    /// The jobs need the supervisor, which has us.
    void connect(Jobs& jobs) { jobs_ = &jobs; }

    /// Before a start: what it requires and wants is started, what it conflicts with is stopped,
    /// and what it is to come after has had its turn, on behalf of `start.parent`. An error says
    /// what is missing; then the service is started later, when that is there.
    void bring_up(const CallRequest& start, Then then);

    /// Before a stop: those that require it are stopped. An error where they run and nobody has
    /// said that they should be.
    void take_down(const CallRequest& stop, Then then);

    /// Why nobody may stop it, as things are: those that require it run, and nobody has said that
    /// they should be stopped, too.
    [[nodiscard]] std::optional<CallError> objection(const CallRequest& stop) const;
    /// It is not to be started any more: whoever waits in bring_up() gets this error.
    void give_up(const std::string& app, const CallError& error);

    /// Somebody has decided anew what becomes of it.
    void decided_anew(const std::string& app);
    /// Its state may be another one than before.
    void look_at(const std::string& app);
    void forget(const std::string& app);
    /// comard ends, or everything is being stopped: nobody follows anybody.
    void set_following(bool follows) { follows_ = follows; }

    /// It is not started, as what it requires is missing: it follows when that is there.
    void follow(const std::string& app);
    /// After a comard that was killed: what ended meanwhile is lost to those that require it.
    void catch_up(const std::vector<std::string>& apps);
    /// The same for what came back meanwhile, or is there since somebody has decided who is meant
    /// by a name. When it is known whether anything is to start at all.
    void follow_what_is_there(const std::vector<std::string>& apps);

    /// What it requires and that does not run, by name.
    [[nodiscard]] std::vector<std::string> lacking(const std::string& app) const;
    /// Those that run or are about to, and require it; with `transitive` what requires those, too.
    [[nodiscard]] std::vector<std::string> dependents_up(
        const std::string& app,
        DependencyGraph::Depth depth = DependencyGraph::Depth::direct) const;

    /// Whether its start waits for what it requires, or for its turn.
    [[nodiscard]] bool is_waiting(const std::string& app) const { return gathering_.contains(app); }

private:
    class Gathering;

    void gather(const CallRequest& start, NameId id, Then then);
    /// Success, or what has ended while the others were waited for.
    CallReply still_there(const std::string& app);
    void stop_conflicting(const CallRequest& start, NameId id, std::set<NameId>& met,
                          const std::shared_ptr<Gathering>& gathering);
    void start_needed(const CallRequest& start, NameId id, std::set<NameId>& met,
                      const std::shared_ptr<Gathering>& gathering);
    void start_wanted(const CallRequest& start, NameId id, std::set<NameId>& met,
                      const std::shared_ptr<Gathering>& gathering);
    void submit(JobKind kind, const std::string& app, const CallRequest& by, std::string cause,
                Gathering& gathering, std::function<void(CallReply)> done);
    void submit_own(JobKind kind, const std::string& app, std::string cause);
    void lost(const std::string& app);
    void recovered(const std::string& app);
    [[nodiscard]] bool is_up(const std::string& app) const;
    [[nodiscard]] bool is_known_down(const std::string& app) const;
    [[nodiscard]] bool is_there(const std::string& app) const;
    [[nodiscard]] bool stops_with(const std::string& app) const;
    [[nodiscard]] bool waits_for(const Service& service, const std::string& app) const;

    const DependencyGraph& graph_;
    FindService find_service_;
    std::function<bool(const std::string&)> is_enabled_;  ///< it is to be started at boot
    Jobs* jobs_ = nullptr;
    std::set<std::string> up_;
    std::set<std::string> rising_;  ///< whose turn it is: what is in conflict with them comes later
    std::map<std::string, std::shared_ptr<Gathering>> gathering_;  ///< whose bring_up() waits
    /// Of the jobs that are submitted here: above the numbers of clients and below those of checks.
    std::uint64_t last_id_ = std::uint64_t{1} << 60;
    bool follows_ = true;
};

}  // namespace comar
