// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/boot_options.h"
#include "core/dependency_graph.h"
#include "core/plan.h"
#include "daemon/boot_record.h"
#include "daemon/campaign.h"
#include "daemon/jobs.h"
#include "daemon/service_table.h"
#include "daemon/settings.h"
#include "daemon/settings_book.h"
#include "daemon/start_memory.h"
#include "daemon/start_up_states.h"
#include "daemon/supervisor.h"
#include "daemon/transition_journal.h"
#include "loop/loop.h"
#include "script/registry.h"

namespace comar {

/// Takes all services from one state to another: boot, the switch to another group, shutdown. One
/// at a time; a comard that starts in the middle of one goes on with it.
class Transitions {
public:
    /// All of them outlive it.
    struct Parts {
        Loop& loop;
        const Settings& settings;
        const DependencyGraph& graph;
        const Registry& registry;
        const StartUpStates& start_up;
        ServiceTable& services;
        Supervisor& supervisor;
        SettingsBook& book;
        Jobs& jobs;
        StartMemory& memory;
        BootRecords& records;
        TransitionJournal journal;
        std::string command_line;  ///< the kernel's
        /// Something moved: tell whoever shows it.
        std::function<void()> progress;
    };
    using Done = std::function<void(tl::expected<nlohmann::json, CallError>)>;

    explicit Transitions(Parts parts);

    /// `options`: what the kernel command line says. `done` gets the record.
    void boot(const BootOptions& options, Done done);
    void switch_to(const std::string& group, Done done);
    void shut_down(Done done);

    /// What the kernel was told to boot: <root>/proc/cmdline.
    [[nodiscard]] BootOptions kernel_options() const;

    /// What a comard before us has begun goes on. False: this machine was not booted yet, or not
    /// since the end of a comard that had shut it down.
    bool resume();

    /// Another comard is to go on: nothing more begins, and who waits for a boot or the like gets
    /// Cancelled. What is under way is still followed, so that it is not done again.
    void leave();
    /// What ends from now on ends because comard does: the other one looks after it.
    void let_go();
    /// comard ends; after a shutdown the next one may boot.
    void end();

    /// For a dry run: what boot would do now, and what of it has a head start.
    struct Preview {
        Plan plan;
        std::set<std::string> head_start;
        std::set<std::string> asked;  ///< whose script decides, by ready()
    };
    [[nodiscard]] Preview preview_of_boot(const BootOptions& options) const;

    /// How far it is, docs/dbus.md; an empty object: nothing goes on.
    [[nodiscard]] nlohmann::json progress() const;
    /// A start() or stop() of a service has returned; it may not be ready yet.
    void returned(const std::string& app);
    /// Somebody else starts or stops a service, and knows better than what goes on.
    void decided(const std::string& app, JobKind method);

private:
    /// One plan after the other, each made when its turn comes; the next begins when the one before
    /// is over, or too slow.
    struct Stage {
        std::function<std::vector<Campaign::Step>()> steps;
        std::chrono::milliseconds patience{0};  ///< 0: until it is over
    };

    /// Why something is started: its start-up state says so, or somebody has named it.
    enum class Chosen { by_state, by_name };

    [[nodiscard]] std::vector<std::string> members_of(const std::string& group) const;
    [[nodiscard]] std::vector<std::string> apps_of(std::vector<std::string> names) const;
    [[nodiscard]] std::vector<std::string> targets_of(const BootOptions& options) const;
    [[nodiscard]] bool is_safe(const BootOptions& options) const;
    [[nodiscard]] bool goes_by_state(const std::string& group) const;
    [[nodiscard]] std::vector<Campaign::Step> steps_of(const Plan& plan,
                                                       const std::vector<std::string>& targets);
    [[nodiscard]] bool decides_itself(const std::string& app) const;
    void open_up();
    [[nodiscard]] std::vector<std::string> head_start_names(const BootOptions& options) const;
    [[nodiscard]] std::vector<std::string> head_start_of(const BootOptions& options) const;
    [[nodiscard]] std::string group_of(const BootOptions& options) const;
    [[nodiscard]] bool is_group(const std::string& name) const;
    std::vector<Campaign::Step> start(const std::vector<std::string>& targets, Chosen chosen);
    void submit(const Campaign::Step& step, std::function<void(CallReply)> done);
    [[nodiscard]] bool is_finished(const Campaign::Step& step) const;
    /// What an earlier comard has seen of one that is finished.
    [[nodiscard]] CallReply outcome_of(const Campaign::Step& step) const;
    [[nodiscard]] bool is_turned_off(const Campaign::Step& step) const;
    [[nodiscard]] std::set<std::string> with_all_below(
        const std::vector<std::string>& targets) const;
    std::vector<Campaign::Step> stop_all_but(const std::vector<std::string>& targets);
    /// False: it is refused, or goes on already.
    bool begin(const std::string& kind, const std::string& group, Done done,
               std::deque<Stage> stages);
    void open_record(const std::string& kind, const std::string& group);
    void run(Stage stage);
    [[nodiscard]] std::chrono::milliseconds time_left() const;
    void next_stage();
    void moved(const Campaign& campaign, std::size_t place);
    void missed(const std::string& app, const std::string& why);
    void over();
    /// The same for one that is not over: those who wait for it get an error.
    void cut_short(const std::string& by);
    void keep_record();
    void hand_on_waiters();
    void warn_about(const BootOptions& options) const;
    void clear();
    void take_up(BootRecord record);
    void go_on_with(const std::string& kind);
    /// `is_ended`: comard ends in order, and not in the middle of anything.
    void save(bool is_ended = false) const;
    [[nodiscard]] TransitionState current_state() const;

    static constexpr const char* default_group = "default";

    Parts parts_;
    std::string group_ = default_group;
    bool is_leaving_ = false;  ///< another comard does the rest
    bool is_down_ = false;     ///< all was stopped, and nothing is to start but by boot or a switch
    std::optional<BootRecord> record_;
    TimePoint began_;
    std::vector<Done> waiters_;
    std::deque<Stage> stages_;
    std::vector<std::unique_ptr<Campaign>> campaigns_;
    std::size_t open_campaigns_ = 0;
    std::unique_ptr<Timer> stage_timer_;
    Timer pulse_;  ///< and where nothing moves, it is told that it still goes on
    Timer news_;   ///< much moves in a boot: it is told now and then
    std::optional<BootRecord> resumed_;  ///< what an earlier comard began, and nobody goes on with
    std::map<std::string, std::string> finished_;  ///< by that comard: service and method
    std::set<std::string> turned_off_;             ///< meanwhile, and so not started
    std::optional<TransitionState> left_;          ///< for another comard, which comes soon
    std::set<std::string> chosen_;                 ///< for nothing but their start-up state
    /// Who was stopped meanwhile, and stays down. Shared with what is under way.
    std::shared_ptr<std::set<std::string>> left_down_ = std::make_shared<std::set<std::string>>();
    std::shared_ptr<std::set<std::string>> in_vain_ = std::make_shared<std::set<std::string>>();
};

}  // namespace comar
