// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/model_table.h"
#include "bus/peer_server.h"
#include "daemon/authorizer.h"
#include "daemon/broadcaster.h"
#include "daemon/calls.h"
#include "daemon/core_handlers.h"
#include "daemon/daemon.h"
#include "daemon/dependency_book.h"
#include "daemon/dispatcher.h"
#include "daemon/invoker.h"
#include "daemon/jobs.h"
#include "daemon/languages.h"
#include "daemon/listing.h"
#include "daemon/log_compressor.h"
#include "daemon/machine.h"
#include "daemon/manager_handlers.h"
#include "daemon/object_tree.h"
#include "daemon/ongoing_calls.h"
#include "daemon/outputs.h"
#include "daemon/plan_handlers.h"
#include "daemon/polkit.h"
#include "daemon/property_news.h"
#include "daemon/registrar.h"
#include "daemon/script_bridge.h"
#include "daemon/service_table.h"
#include "daemon/settings_book.h"
#include "daemon/standard_handlers.h"
#include "daemon/start_memory.h"
#include "daemon/start_up_states.h"
#include "daemon/supervisor.h"
#include "daemon/system_bus.h"
#include "daemon/transitions.h"
#include "daemon/worker_pool.h"
#include "loop/child_watch.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "os/file_lock.h"
#include "script/registry.h"

namespace comar {

[[nodiscard]] Calls::Limits limits_of(const Settings& settings);

/// All parts of comard, in the order in which they need each other, and what goes between them.
struct Daemon::Parts {
    Parts(Options given, Paths found, Settings read, FileLock held, Loop made, ChildWatch children_)
        : options(std::move(given)),
          paths(std::move(found)),
          settings(read),
          lock(std::move(held)),
          loop(std::move(made)),
          children(std::move(children_)) {}

    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;
    ~Parts() { loop.drop_deferred(); }

    void emit(const std::string& app, const bus::Model& model, const bus::Signal& signal,
              const nlohmann::json& arguments);
    void announce(const std::string& app, bool running);
    void script_added(const std::string& app, const std::string& model, Registrar::Version version);
    void scripts_removed(const std::string& app, const std::vector<std::string>& removed_models);
    void tell_of_objects(const std::string& signal, std::string_view signature,
                         const nlohmann::json& arguments);
    void tell_progress();
    /// Those that can be used; why not the others, which is told in the log too.
    std::vector<std::string> load_models();
    std::vector<std::string> reload_models();
    /// What could not be told to each when it was made.
    void connect();
    void add_handlers();
    void identify(bus::Connection& connection, const bus::Message& message,
                  const std::function<void(Caller)>& callback);
    Result<> listen();
    void begin_exit();
    [[nodiscard]] Result<> can_reexec() const;
    void begin_reexec(std::function<void()> accepted);
    void check_reexec(TimePoint deadline);
    void check_exit(TimePoint deadline);

    Options options;
    Paths paths;
    Settings settings;
    FileLock lock;
    Loop loop;
    ChildWatch children;
    std::optional<bus::PeerServer> server;
    std::optional<SystemBus> system_bus;
    Broadcaster broadcaster{[this] { return server ? &*server : nullptr; },
                            [this] {
                                return system_bus ? system_bus->connection()
                                                  : std::shared_ptr<bus::Connection>();
                            }};
    PropertyNews news{loop, broadcaster,
                      [this](const std::string& app) { return listing.told_properties(app); }};
    TicketCounter tickets;
    WaitGraph waits;
    bus::ModelTable models;
    Registry registry{paths.scripts};
    StartUpStates start_up{paths.start_up};
    LogFolder logs{paths.log, settings.logs};
    LogCompressor compressor{loop, children, logs, paths.compressor};
    Outputs outputs{loop, {paths.root, paths.output, settings.log_target}, logs};
    StateJournal journal{paths.state};
    std::string cgroups = find_cgroup_parent(paths);  ///< empty: there are none
    ServiceTable services{
        Service::Context{
            loop,
            children,
            journal,
            cgroups,
            {},
            {},
            {},
            [this](const std::string& app, bool running) { announce(app, running); },
            [this](const std::string& app, bool clean, std::chrono::milliseconds ran) {
                supervisor.restarter().ended(app, clean, ran);
            },
            [this](const std::string& app, bool clean) { supervisor.main_lost(app, clean); },
            [this](const std::string& app) {
                supervisor.changed(app);
                news.changed(app);
            }},
        registry};
    std::optional<rlimit> descriptors = raise_descriptor_limit();  ///< as it was before
    WorkerPool pool{
        loop, children, {paths.host, settings.host_idle, settings.spare_workers, descriptors}};
    ScriptBridge bridge{
        {paths, settings, models, registry, start_up, services, outputs,
         [this](const std::string& app, const bus::Model& model, const bus::Signal& signal,
                const nlohmann::json& arguments) { emit(app, model, signal, arguments); },
         [this](const std::string& app, const std::string& other) {
             dependencies.asked(app, other);
         },
         [this](const std::string& app, const std::set<std::string>& others) {
             dependencies.asked_only(app, others);
         }}};
    Calls calls{loop, pool, waits, tickets, bridge, limits_of(settings)};
    StartMemory memory{loop, paths.memory};
    Supervisor supervisor{
        loop,
        children,
        calls,
        outputs,
        [this](const std::string& app) { return services.find(app); },
        Requirements{dependencies.graph(),
                     [this](const std::string& app) { return services.find(app); },
                     [this](const std::string& app) { return start_up.get(app) != StartUp::off; }},
        Supervisor::Folders{paths.notify, paths.ready, paths.root + "/run", cgroups},
        descriptors};
    Jobs jobs{calls, waits, tickets, [this](const std::string& app) { return services.find(app); },
              supervisor};
    Invoker invoker{models, registry, calls, jobs};
    Listing listing{{registry, start_up, services, calls, bridge, supervisor, book, dependencies,
                     outputs, settings}};
    Registrar registrar{
        {models, registry, start_up, services, outputs, calls, jobs,
         [this](const std::string& app, std::function<void()> then) {
             book.refresh_changed(app, std::move(then));
         },
         [this](const std::string& app, const Facts& facts, const std::string& path) {
             return dependencies.judge(app, facts, path);
         },
         [this](const std::string& app, const std::string& model, Registrar::Version version) {
             script_added(app, model, version);
         },
         [this](const std::string& app, const std::vector<std::string>& removed_models) {
             scripts_removed(app, removed_models);
         }}};
    SettingsBook book{registry, registrar, calls, paths.overrides,
                      paths.scripts + "/" + std::string(service_model)};
    DependencyBook dependencies{{registry, book, start_up, memory, settings}};
    ObjectTree tree{models, registry};
    Languages languages;
    OngoingCalls ongoing{[this](OngoingCalls::Id id) { return invoker.cancel(id); }};
    CoreHandlers core_handlers{{models, registry, registrar, languages, ongoing}};
    ManagerHandlers manager_handlers{
        {registry, registrar, jobs, listing, supervisor, book, [this] { return reload_models(); },
         [this] { return can_reexec(); },
         [this](std::function<void()> accepted) { begin_reexec(std::move(accepted)); }}};
    BootRecords records{paths.boots};
    Transitions transitions{{loop, settings, dependencies.graph(), registry, start_up, services,
                             supervisor, book, jobs, memory, records,
                             TransitionJournal{{paths.transition, paths.course}},
                             paths.root + "/proc/cmdline", [this] { tell_progress(); }}};
    PlanHandlers plan_handlers{{registry, start_up, services, dependencies, transitions, records,
                                jobs, calls, bridge, book, supervisor}};
    StandardHandlers standard_handlers{{paths, models, registry, tree, listing}};
    Handlers handlers;
    std::optional<Polkit> polkit;
    std::optional<Authorizer> authorizer;
    std::optional<Dispatcher> dispatcher;
    std::optional<Timer> exit_timer;
    std::optional<Timer> reexec_timer;  ///< armed or not: this process is to be executed anew
    std::vector<std::function<void()>> reexec_waiters;
};

}  // namespace comar
