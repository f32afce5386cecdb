// SPDX-License-Identifier: MIT
#include "daemon/parts.h"

#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "core/fault_point.h"
#include "daemon/builtin_interfaces.h"
#include "os/system_error.h"

namespace comar {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

/// What was cancelled at the end gets so long to be over.
constexpr auto exit_limit = 5s;
constexpr auto exit_poll = 10ms;
/// Longer than any call may take by default.
constexpr auto reexec_limit = 120s;

}  // namespace

Calls::Limits limits_of(const Settings& settings) {
    Calls::Limits limits;
    limits.queue.running = settings.concurrency;
    limits.change = settings.change_limit;
    limits.read = settings.read_limit;
    return limits;
}

void Daemon::Parts::emit(const std::string& app, const bus::Model& model, const bus::Signal& signal,
                         const json& arguments) {
    broadcaster.send(path_of(app), model.interface(), signal.name, signal.signature(), arguments);
}

/// Others may keep a list of what there is (ObjectManager).
void Daemon::Parts::script_added(const std::string& app, const std::string& model,
                                 Registrar::Version version) {
    if (model == service_model && version == Registrar::Version::another) {
        dependencies.replaced(app);
    } else {
        dependencies.refresh(app);
    }
    if (version != Registrar::Version::first) return news.changed(app);
    tell_of_objects("InterfacesAdded", "oa{sa{sv}}",
                    json::array({path_of(app), standard_handlers.interfaces_of(app, model)}));
}

void Daemon::Parts::scripts_removed(const std::string& app,
                                    const std::vector<std::string>& removed_models) {
    news.forget(app);
    supervisor.forget(app);
    dependencies.remove(app);
    memory.forget(app);
    json interfaces = json::array();
    for (const std::string& name : removed_models) {
        if (const bus::Model* model = models.find(name)) interfaces.push_back(model->interface());
        if (name == service_model) interfaces.push_back(supervision_interface().name);
    }
    tell_of_objects("InterfacesRemoved", "oas", json::array({path_of(app), std::move(interfaces)}));
}

/// Both objects have all others below them.
void Daemon::Parts::tell_of_objects(const std::string& signal, std::string_view signature,
                                    const json& arguments) {
    for (const char* path : {"/", "/package"}) {
        broadcaster.send(path, object_manager_interface().name, signal, signature, arguments);
    }
}

void Daemon::Parts::tell_progress() {
    broadcaster.send("/", manager_interface().name, "Progress", "s",
                     json::array({transitions.progress().dump()}));
}

std::vector<std::string> Daemon::Parts::load_models() {
    auto loaded = bus::ModelTable::load(paths.models);
    std::vector<std::string> problems;
    for (const Error& error : loaded.errors) {
        spdlog::error("{}, skipping", error.message);
        problems.push_back(error.message);
    }
    models = std::move(loaded.table);
    return problems;
}

std::vector<std::string> Daemon::Parts::reload_models() {
    auto problems = load_models();
    spdlog::info("loaded {} models", models.names().size());
    return problems;
}

void Daemon::Parts::connect() {
    bridge.set_invoker(invoker);
    bridge.set_supervisor(supervisor);
    supervisor.connect(jobs, book);
    add_handlers();
    services.set_own_children([this] {
        auto own = pool.processes();
        for (const ProcessId& process : compressor.processes()) own.push_back(process);
        for (const ProcessId& id : supervisor.processes()) own.push_back(id);
        return own;
    });
    pool.on_host_end([this] { services.miss_exits(); });
    services.set_reaps([this](pid_t pid) { return pool.is_host(pid); });
    book.on_change([this](const std::string& app) { dependencies.refresh(app); });
    supervisor.on_return([this](const std::string& app) { transitions.returned(app); });
    supervisor.on_decision(
        [this](const std::string& app, JobKind method) { transitions.decided(app, method); });
}

void Daemon::Parts::add_handlers() {
    core_handlers.add_to(handlers);
    manager_handlers.add_to(handlers);
    plan_handlers.add_to(handlers);
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
        const bus::PeerCredentials& peer = *connection.peer();
        return callback(Caller{name, name, peer.uid, {}, false, false, peer.pid, peer.program});
    }
    const bool interactive = message.allows_interaction();
    system_bus->uid_of(name, [name, interactive, callback](std::optional<uid_t> uid) {
        callback(Caller{name, "system bus " + name, uid, {}, true, interactive, 0});
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
    server->on_client_gone([this](const std::string& name) {
        languages.forget(name);
        calls.caller_gone(name);
    });
    if (system_bus) system_bus->start();
    return {};
}

/// Services go on: whoever ends comard does not ask to end them, and the next comard finds them.
void Daemon::Parts::begin_exit() {
    if (exit_timer) return;
    spdlog::info("stopping; services go on running");
    ::sd_notify(0, "STOPPING=1");
    transitions.end();
    services.hand_on();
    supervisor.shut_down();
    jobs.cancel_waiting();
    calls.cancel_all();
    pool.shut_down();
    const TimePoint deadline = loop.now() + exit_limit;
    exit_timer.emplace(loop, [this, deadline] { check_exit(deadline); });
    exit_timer->arm(0ms);
}

/// One that does not start would leave nobody.
Result<> Daemon::Parts::can_reexec() const {
    if (::access(options.program.c_str(), X_OK) != 0) {
        return system_failure("execute " + options.program);
    }
    if (const auto read = read_settings(paths.settings); !read) return Failure(read.error());
    return {};
}

/// Jobs that run come to their end, so that whoever waits gets his answer; then another program
/// goes on where this one was, with the same process and the same children.
void Daemon::Parts::begin_reexec(std::function<void()> accepted) {
    reexec_waiters.push_back(std::move(accepted));
    if (reexec_timer || exit_timer) return;
    spdlog::info("executing comard anew, when what runs is over");
    transitions.leave();
    const TimePoint deadline = loop.now() + reexec_limit;
    reexec_timer.emplace(loop, [this, deadline] { check_reexec(deadline); });
    reexec_timer->arm(0ms);
}

void Daemon::Parts::check_reexec(TimePoint deadline) {
    const bool is_late = loop.now() >= deadline;
    if (!is_late && (!calls.idle() || supervisor.is_waiting())) {
        reexec_timer->arm(exit_poll);
        return;
    }
    fault_point("reexec", "drained");
    services.hand_on();
    transitions.let_go();
    supervisor.shut_down();
    jobs.cancel_waiting();
    calls.cancel_all();
    pool.shut_down();
    // The host reaps what is below it as long as it lives, and there would be nobody to tell.
    if (!pool.is_gone() && loop.now() < deadline + exit_limit) {
        reexec_timer->arm(exit_poll);
        return;
    }
    for (const auto& accepted : std::exchange(reexec_waiters, {})) accepted();
    fault_point("reexec", "accepted");
    // The answers have to leave.
    loop.defer([this] { loop.quit(0); });
}

void Daemon::Parts::check_exit(TimePoint deadline) {
    if (calls.idle() || loop.now() >= deadline) return loop.quit(0);
    exit_timer->arm(exit_poll);
}

}  // namespace comar
