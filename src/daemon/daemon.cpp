// SPDX-License-Identifier: MIT
#include "daemon/daemon.h"

#include <array>
#include <csignal>
#include <cstdint>
#include <optional>

#include <sys/resource.h>
#include <sys/stat.h>

#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "bus/model_table.h"
#include "bus/peer_server.h"
#include "bus/value.h"
#include "daemon/authorizer.h"
#include "daemon/broadcaster.h"
#include "daemon/builtin_interfaces.h"
#include "daemon/calls.h"
#include "daemon/core_handlers.h"
#include "daemon/dispatcher.h"
#include "daemon/invoker.h"
#include "daemon/jobs.h"
#include "daemon/languages.h"
#include "daemon/listing.h"
#include "daemon/manager_handlers.h"
#include "daemon/ongoing_calls.h"
#include "daemon/outputs.h"
#include "daemon/polkit.h"
#include "daemon/property_news.h"
#include "daemon/registrar.h"
#include "daemon/script_bridge.h"
#include "daemon/service_table.h"
#include "daemon/standard_handlers.h"
#include "daemon/start_up_states.h"
#include "daemon/system_bus.h"
#include "daemon/worker_pool.h"
#include "loop/child_watch.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "os/cgroup.h"
#include "os/file_lock.h"
#include "os/reap.h"
#include "script/registry.h"

namespace comar {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

/// What was cancelled at the end gets so long to be over.
constexpr auto exit_limit = 5s;
constexpr auto exit_poll = 10ms;

/// A folder of its own for each root, so that private comards do not meet.
std::string cgroup_name(const std::string& root) {
    if (root.empty()) return "comar";
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : root) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return fmt::format("comar-{:016x}", hash);
}

/// The cgroup for the services' cgroups; empty where there is none to be had.
std::string find_cgroup_parent(const std::string& root) {
    const auto own = own_cgroup_folder();
    if (!own) {
        spdlog::info("no cgroups: {}; processes are known by descent", own.error().message);
        return "";
    }
    const auto parent = Cgroup::create(*own, cgroup_name(root));
    if (!parent) {
        spdlog::info("no cgroups: {}; processes are known by descent", parent.error().message);
        return "";
    }
    return parent->path();
}

/// Two FIFOs and a log a service take more descriptors than the usual limit allows. Returns the
/// limit that was there before.
std::optional<rlimit> raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
    const rlimit before = limit;
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
    return before;
}

Calls::Limits limits_of(const Settings& settings) {
    Calls::Limits limits;
    limits.queue.running = settings.concurrency;
    limits.change = settings.change_limit;
    limits.read = settings.read_limit;
    return limits;
}

bus::ModelTable load_models(const std::string& folder) {
    auto loaded = bus::ModelTable::load(folder);
    for (const Error& error : loaded.errors) spdlog::error("{}, skipping", error.message);
    return std::move(loaded.table);
}

}  // namespace

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
              const json& arguments);
    void announce(const std::string& app, bool running);
    void script_added(const std::string& app, const std::string& model, bool is_new);
    void scripts_removed(const std::string& app, const std::vector<std::string>& removed_models);
    void tell_of_objects(const std::string& signal, std::string_view signature,
                         const json& arguments);
    std::vector<std::string> reload_models();
    void add_handlers();
    void identify(bus::Connection& connection, const bus::Message& message,
                  const std::function<void(Caller)>& callback);
    Result<> listen();
    void begin_exit();
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
    bus::ModelTable models = load_models(paths.models);
    Registry registry{paths.scripts};
    StartUpStates start_up{paths.start_up};
    Outputs outputs{loop, paths.output, paths.log};
    ServiceTable services{
        Service::Context{loop,
                         children,
                         paths.services,
                         find_cgroup_parent(paths.root),
                         {},
                         {},
                         {},
                         [this](const std::string& app, bool running) { announce(app, running); },
                         [this](const std::string& app) { news.changed(app); }},
        registry};
    WorkerPool pool{
        loop,
        children,
        {paths.host, settings.host_idle, settings.spare_workers, raise_descriptor_limit()}};
    ScriptBridge bridge{
        {paths, settings, models, registry, start_up, services, outputs,
         [this](const std::string& app, const bus::Model& model, const bus::Signal& signal,
                const json& arguments) { emit(app, model, signal, arguments); }}};
    Calls calls{loop, pool, waits, tickets, bridge, limits_of(settings)};
    Jobs jobs{calls, waits, tickets, [this](const std::string& app) { return services.find(app); }};
    Invoker invoker{models, registry, calls, jobs};
    Listing listing{{registry, start_up, services, calls, bridge}};
    Registrar registrar{
        {models, registry, start_up, services, outputs, calls, jobs,
         [this](const std::string& app, const std::string& model, bool is_new) {
             script_added(app, model, is_new);
         },
         [this](const std::string& app, const std::vector<std::string>& removed_models) {
             scripts_removed(app, removed_models);
         }}};
    ObjectTree tree{models, registry};
    Languages languages;
    OngoingCalls ongoing{[this](OngoingCalls::Id id) { return invoker.cancel(id); }};
    CoreHandlers core_handlers{{models, registry, registrar, languages, ongoing}};
    ManagerHandlers manager_handlers{
        {registry, registrar, jobs, listing, [this] { return reload_models(); }}};
    StandardHandlers standard_handlers{{paths, models, registry, tree, listing}};
    Handlers handlers;
    std::optional<Polkit> polkit;
    std::optional<Authorizer> authorizer;
    std::optional<Dispatcher> dispatcher;
    std::optional<Timer> exit_timer;
};

void Daemon::Parts::emit(const std::string& app, const bus::Model& model, const bus::Signal& signal,
                         const json& arguments) {
    broadcaster.send(path_of(app), model.interface(), signal.name, signal.signature(), arguments);
}

/// Others may keep a list of what there is (ObjectManager).
void Daemon::Parts::script_added(const std::string& app, const std::string& model, bool is_new) {
    if (!is_new) return news.changed(app);
    tell_of_objects("InterfacesAdded", "oa{sa{sv}}",
                    json::array({path_of(app), standard_handlers.interfaces_of(app, model)}));
}

void Daemon::Parts::scripts_removed(const std::string& app,
                                    const std::vector<std::string>& removed_models) {
    news.forget(app);
    json interfaces = json::array();
    for (const std::string& name : removed_models) {
        if (const bus::Model* model = models.find(name)) interfaces.push_back(model->interface());
        if (name == service_model) interfaces.push_back(supervision_interface().name);
    }
    tell_of_objects("InterfacesRemoved", "oas",
                    json::array({path_of(app), std::move(interfaces)}));
}

/// Both objects have all others below them.
void Daemon::Parts::tell_of_objects(const std::string& signal, std::string_view signature,
                                    const json& arguments) {
    for (const char* path : {"/", "/package"}) {
        broadcaster.send(path, object_manager_interface().name, signal, signature, arguments);
    }
}

std::vector<std::string> Daemon::Parts::reload_models() {
    auto loaded = bus::ModelTable::load(paths.models);
    std::vector<std::string> problems;
    for (const Error& error : loaded.errors) {
        spdlog::error("{}, skipping", error.message);
        problems.push_back(error.message);
    }
    models = std::move(loaded.table);
    spdlog::info("loaded {} models", models.names().size());
    return problems;
}

void Daemon::Parts::add_handlers() {
    core_handlers.add_to(handlers);
    manager_handlers.add_to(handlers);
    standard_handlers.add_to(handlers);
}

void Daemon::Parts::announce(const std::string& app, bool running) {
    const bus::Model* model = models.find(service_model);
    const bus::Signal* changed = model == nullptr ? nullptr : model->find_signal("Changed");
    if (changed != nullptr) {
        emit(app, *model, *changed, json::array({app, running ? "started" : "stopped"}));
    }
}

void Daemon::Parts::identify(bus::Connection& connection, const bus::Message& message,
                             const std::function<void(Caller)>& callback) {
    const std::string name = connection.caller_name(message);
    if (connection.peer()) {
        return callback(Caller{name, name, connection.peer()->uid, {}, false, false});
    }
    const bool interactive = message.allows_interaction();
    system_bus->uid_of(name, [name, interactive, callback](std::optional<uid_t> uid) {
        callback(Caller{name, "system bus " + name, uid, {}, true, interactive});
    });
}

Result<> Daemon::Parts::listen() {
    const auto handler = [this](bus::Connection& connection, bus::Message& message) {
        return dispatcher->handle(connection, message);
    };
    if (!options.bus_address.empty()) {
        system_bus.emplace(loop, SystemBus::Options{options.bus_address, options.bus_name}, handler,
                           [this](const std::string& sender) {
                               languages.forget("system bus " + sender);
                               polkit->forget(sender);
                           });
        polkit.emplace(*system_bus);
    }
    authorizer.emplace(polkit ? &*polkit : nullptr);
    dispatcher.emplace(Dispatcher::Parts{models, registry, tree, handlers, *authorizer, languages,
                                         ongoing, invoker},
                       [this](bus::Connection& connection, const bus::Message& message,
                              const std::function<void(Caller)>& callback) {
                           identify(connection, message, callback);
                       });
    bus::PeerServerOptions serve;
    serve.path = paths.socket;
    // Whatever it is called on the system bus, there is no other comard on this socket.
    serve.names = {"tr.org.pardus.comar"};
    if (options.bus_name != serve.names.front()) serve.names.push_back(options.bus_name);
    auto listening = bus::PeerServer::listen(loop, std::move(serve));
    if (!listening) return Failure(std::move(listening.error()));
    server.emplace(std::move(*listening));
    server->set_handler(handler);
    server->on_client_gone([this](const std::string& name) { languages.forget(name); });
    if (system_bus) system_bus->start();
    return {};
}

/// Services go on: whoever ends comard does not ask to end them, and the next comard finds them.
void Daemon::Parts::begin_exit() {
    if (exit_timer) return;
    spdlog::info("stopping; services go on running");
    ::sd_notify(0, "STOPPING=1");
    jobs.cancel_waiting();
    calls.cancel_all();
    pool.shut_down();
    const TimePoint deadline = loop.now() + exit_limit;
    exit_timer.emplace(loop, [this, deadline] { check_exit(deadline); });
    exit_timer->arm(0ms);
}

void Daemon::Parts::check_exit(TimePoint deadline) {
    if (calls.idle() || loop.now() >= deadline) return loop.quit(0);
    exit_timer->arm(exit_poll);
}

Daemon::Daemon(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Daemon::~Daemon() = default;

Result<std::unique_ptr<Daemon>> Daemon::create(Options options) {
    ::umask(022);
    auto paths = find_paths(options.root);
    if (!paths) return Failure(std::move(paths.error()));
    const auto settings = read_settings(paths->settings);
    if (!settings) return Failure(settings.error());
    if (auto made = make_folders(*paths); !made) return Failure(std::move(made.error()));
    auto lock = FileLock::try_lock(paths->run + "/lock");
    if (!lock) {
        return Failure(std::move(lock.error()).while_trying("start: another comard serves here"));
    }
    if (auto subreaper = become_subreaper(); !subreaper)
        return Failure(std::move(subreaper.error()));
    auto loop = Loop::create();
    if (!loop) return Failure(std::move(loop.error()));
    auto children = ChildWatch::create(*loop, {});
    if (!children) return Failure(std::move(children.error()));
    auto parts = std::make_unique<Parts>(std::move(options), std::move(*paths), *settings,
                                         std::move(*lock), std::move(*loop), std::move(*children));
    parts->bridge.set_invoker(parts->invoker);
    parts->add_handlers();
    parts->services.set_own_children([raw = parts.get()] { return raw->pool.processes(); });
    parts->pool.on_host_end([raw = parts.get()] { raw->services.miss_exits(); });
    parts->services.set_reaps([raw = parts.get()](pid_t pid) { return raw->pool.is_host(pid); });
    for (const Error& error : parts->registry.load()) {
        spdlog::error("{}, skipping", error.message);
    }
    return std::unique_ptr<Daemon>(new Daemon(std::move(parts)));
}

Result<int> Daemon::run() {
    Parts& parts = *parts_;
    for (const int signal : {SIGTERM, SIGINT}) {
        auto watched = parts.loop.on_signal(signal, [&parts] { parts.begin_exit(); });
        if (!watched) return Failure(std::move(watched.error()));
    }
    if (auto listening = parts.listen(); !listening) return Failure(std::move(listening.error()));
    // After the socket, so that the death of a service in between reaches whoever listens.
    parts.services.restore();
    parts.registrar.learn_missing();
    spdlog::info("comard {} serves {} scripts on {}", COMAR_VERSION, parts.registry.apps().size(),
                 parts.paths.socket);
    ::sd_notify(0, "READY=1");
    auto ended = parts.loop.run();
    parts.services.shut_down();
    return ended;
}

}  // namespace comar
