// SPDX-License-Identifier: MIT
#include "daemon/direct_start.h"

#include <utility>

#include <sys/epoll.h>

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "os/pidfile.h"
#include "os/system_error.h"
#include "script/settings.h"

namespace comar {
namespace {

constexpr mode_t usual_umask = 022;

/// What a program gets that a worker starts (python/comar/worker.py).
std::vector<std::string> environment_of(const std::string& app) {
    return {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
            "HOME=/", std::string("COMAR_SERVICE=").append(app)};
}

/// As workers have it: whoever holds such an end never gets SIGPIPE.
Result<UniqueFd> open_output(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW));
    if (!fd) return system_failure("open " + path);
    return fd;
}

/// comard itself needs many descriptors; programs that use select(2) break on such a limit.
class LoweredLimit {
public:
    explicit LoweredLimit(const std::optional<rlimit>& wanted) {
        if (!wanted || ::getrlimit(RLIMIT_NOFILE, &before_) != 0) return;
        rlimit lowered = before_;
        lowered.rlim_cur = wanted->rlim_cur;
        is_lowered_ = ::setrlimit(RLIMIT_NOFILE, &lowered) == 0;
    }
    LoweredLimit(const LoweredLimit&) = delete;
    LoweredLimit& operator=(const LoweredLimit&) = delete;
    ~LoweredLimit() {
        if (is_lowered_) (void)::setrlimit(RLIMIT_NOFILE, &before_);
    }

private:
    rlimit before_{};
    bool is_lowered_ = false;
};

}  // namespace

bool DirectStart::is_possible(const Service& service, const Facts& facts) const {
    if (!facts.plain_start || service.running() != false || service.processes().alive()) {
        return false;
    }
    const ServiceSettings& settings = service.settings().supervision;
    const bool wants_more =
        settings.watchdog ||
        (settings.readiness && (settings.readiness->kind == Probe::Kind::notify ||
                                settings.readiness->kind == Probe::Kind::fd));
    if (wants_more || !settings_for_worker(service.settings().values).empty()) return false;
    // Whose process a pidfile names that is there is for the script to judge.
    const std::string& pidfile = facts.plain_start->pidfile;
    if (pidfile.empty()) return true;
    const auto claim = read_pidfile(pidfile);
    return !claim || !Process::open_pid(claim->pid);
}

void DirectStart::start(Service& service, const Facts::PlainStart& plain, Done done) {
    const std::string app = service.app();
    Starting& starting = starting_[app];
    starting.request.arguments = plain.arguments;
    starting.pidfile = plain.pidfile;
    starting.done = std::move(done);
    auto begun = prepare(app, service, starting);
    if (begun) return;
    spdlog::debug("{}: {}, so its script starts it", app, begun.error().message);
    const Done failed = std::move(starting.done);
    starting_.erase(app);
    failed(false);
}

Result<> DirectStart::prepare(const std::string& app, Service& service, Starting& starting) {
    service.prepare();
    const auto streams = outputs_.open(app);
    if (!streams) return Failure(streams.error());
    auto output = open_output(streams->out);
    if (!output) return Failure(output.error());
    auto error = open_output(streams->err);
    if (!error) return Failure(error.error());
    starting.output = std::move(*output);
    starting.error = std::move(*error);
    SpawnRequest& request = starting.request;
    request.environment = environment_of(app);
    request.directory = std::string(1, '/');
    request.output = starting.output.get();
    request.error = starting.error.get();
    request.new_session = true;
    request.umask = usual_umask;
    if (const std::string folder = service.processes().cgroup_path(); !folder.empty()) {
        starting.cgroup.reset(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!starting.cgroup) return system_failure("open " + folder);
        request.cgroup = starting.cgroup.get();
    }
    auto launched = launch(request);
    if (!launched) return Failure(std::move(launched.error()));
    starting.launch = std::move(*launched);
    auto watch = IoWatch::create(loop_, starting.launch.report.get(), EPOLLIN,
                                 [this, app](std::uint32_t) { this->launched(app); });
    if (!watch) return Failure(std::move(watch.error()));
    starting.watch = std::move(*watch);
    return {};
}

Result<Launch> DirectStart::launch(const SpawnRequest& request) const {
    const LoweredLimit lowered(descriptors_);
    return comar::launch(request);
}

/// It is the program by now, or has failed to become it.
void DirectStart::launched(const std::string& app) {
    // The watch must outlive its own call-back.
    const auto held = starting_.extract(app);
    const Starting& starting = held.mapped();
    const auto checked = check_launch(starting.launch, starting.request);
    if (!checked) {
        spdlog::debug("{}: {}, so its script starts it", app, checked.error().message);
        return starting.done(false);
    }
    const ProcessId id = starting.launch.child.id;
    if (Service* service = find_service_(app)) service->process_started(id, ::getpid());
    if (!starting.pidfile.empty()) {
        if (auto written = write_pidfile(starting.pidfile, id.pid); !written) {
            spdlog::warn("{}: {}", app, written.error().message);
        }
    }
    starting.done(true);
}

}  // namespace comar
