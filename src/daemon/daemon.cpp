// SPDX-License-Identifier: MIT
#include "daemon/daemon.h"

#include <chrono>
#include <csignal>
#include <thread>

#include <sys/stat.h>

#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "core/fault_point.h"
#include "daemon/parts.h"
#include "os/atomic_file.h"
#include "os/boot_id.h"
#include "os/proc_scan.h"
#include "os/process.h"
#include "os/reap.h"

namespace comar {

namespace {

using namespace std::chrono_literals;

/// It has its own jobs to end first.
constexpr auto longest_farewell = 60s;
constexpr auto farewell_poll = 20ms;
/// What a comard that was killed was about to start has its lock until it is started.
constexpr auto longest_rest = 10s;

bool is_comard(pid_t pid) {
    const auto program = read_executable(pid);
    return program && program->path.substr(program->path.rfind('/') + 1).starts_with("comard");
}

Result<FileLock> await_lock(const std::string& path, std::chrono::milliseconds patience) {
    auto lock = FileLock::try_lock(path);
    for (auto waited = 0ms; !lock && waited < patience; waited += farewell_poll) {
        std::this_thread::sleep_for(farewell_poll);
        lock = FileLock::try_lock(path);
    }
    return lock;
}

/// With `replace`, whoever has it is asked to end, and waited for. There is no loop yet to wait in.
Result<FileLock> take_lock(const std::string& path, bool replace) {
    auto lock = FileLock::try_lock(path);
    const auto holder = lock_holder(path);
    if (lock || lock.error().kind != ErrorKind::busy || !holder) return lock;
    const auto process = Process::open_pid(*holder);
    if (!process) return await_lock(path, longest_rest);
    if (!replace || !is_comard(*holder)) return lock;
    spdlog::info("taking the place of process {}", *holder);
    if (auto asked = process->signal(SIGTERM); !asked) return Failure(std::move(asked.error()));
    return await_lock(path, longest_farewell);
}

/// Where the run folder is kept on a disk: process numbers of an earlier start of the machine are
/// others' now, and what it was about to do is over.
void forget_earlier_boot(const Paths& paths) {
    constexpr std::size_t most_bytes = 256;
    const std::string now = boot_id();
    const auto known = read_file(paths.boot_id, most_bytes);
    if (known && *known == now) return;
    if (known) {
        spdlog::info("forgetting the processes of an earlier start of this machine");
        for (const std::string& file : {paths.state, paths.transition, paths.course}) {
            ::unlink(file.c_str());
        }
    }
    WithoutSync steps;
    if (auto kept = write_file_atomically(paths.boot_id, now, 0644, steps); !kept) {
        spdlog::warn("{}", kept.error().message);
    }
}

}  // namespace

Daemon::Daemon(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Daemon::~Daemon() = default;

Result<std::unique_ptr<Daemon>> Daemon::create(Options options) {
    ::umask(022);
    auto paths = find_paths(options.root);
    if (!paths) return Failure(std::move(paths.error()));
    const auto settings = read_settings(paths->settings);
    if (!settings) return Failure(settings.error());
    if (auto made = make_folders(*paths); !made) return Failure(std::move(made.error()));
    auto lock = take_lock(paths->run + "/lock", options.replace);
    if (!lock) {
        return Failure(std::move(lock.error()).while_trying("start: another comard serves here"));
    }
    forget_earlier_boot(*paths);
    if (auto subreaper = become_subreaper(); !subreaper)
        return Failure(std::move(subreaper.error()));
    auto loop = Loop::create();
    if (!loop) return Failure(std::move(loop.error()));
    const auto cgroups = CgroupMount::find();
    auto children = ChildWatch::create(*loop, {}, [cgroups](pid_t pid) {
        return cgroups ? cgroups->folder_of(pid) : std::string();
    });
    if (!children) return Failure(std::move(children.error()));
    auto parts = std::make_unique<Parts>(std::move(options), std::move(*paths), *settings,
                                         std::move(*lock), std::move(*loop), std::move(*children));
    // Not before: what starts programs is a copy of comard, and keeps what comard had when it was
    // made.
    (void)parts->load_models();
    parts->connect();
    for (const Error& error : parts->registry.load()) {
        spdlog::error("{}, skipping", error.message);
    }
    if (auto remembered = parts->memory.load(); !remembered) {
        spdlog::warn("{}; what earlier starts have taught is lost", remembered.error().message);
    }
    parts->dependencies.load();
    return std::unique_ptr<Daemon>(new Daemon(std::move(parts)));
}

Result<int> Daemon::run(UniqueFd ready) {
    Parts& parts = *parts_;
    for (const int signal : {SIGTERM, SIGINT}) {
        auto watched = parts.loop.on_signal(signal, [&parts] { parts.begin_exit(); });
        if (!watched) return Failure(std::move(watched.error()));
    }
    if (auto listening = parts.listen(); !listening) return Failure(std::move(listening.error()));
    // After the socket, so that the death of a service in between reaches whoever listens.
    parts.services.restore();
    parts.supervisor.notifications().take_handed_over();
    const auto apps = parts.registry.apps_of(service_model);
    for (const std::string& app : apps) parts.supervisor.restore(app);
    for (const std::string& app : apps) parts.supervisor.go_on(app);
    parts.supervisor.requirements().catch_up(apps);
    parts.outputs.restore();
    parts.compressor.start();
    parts.registrar.learn_missing();
    const bool was_booted = parts.transitions.resume();
    parts.supervisor.requirements().follow_what_is_there(parts.registry.apps_of(service_model));
    if (parts.options.boot && was_booted) {
        spdlog::info("not booting, an earlier comard has; 'comar boot' starts what does not run");
    } else if (parts.options.boot) {
        parts.transitions.boot(parts.transitions.kernel_options(), [](const auto&) {});
    }
    spdlog::info("comard {} serves {} scripts on {}", COMAR_VERSION, parts.registry.apps().size(),
                 parts.paths.socket);
    ::sd_notify(0, "READY=1");
    if (ready) (void)!::write(ready.get(), "\n", 1);
    ready.reset();
    auto ended = parts.loop.run();
    parts.supervisor.release();
    parts.services.shut_down();
    fault_point("exit", "released");
    return ended;
}

std::vector<UniqueFd> Daemon::hand_over() {
    if (!parts_->reexec_timer || !parts_->server) return {};
    auto sockets = parts_->supervisor.notifications().hand_over();
    sockets.insert(sockets.begin(), parts_->server->hand_over());
    return sockets;
}

}  // namespace comar
