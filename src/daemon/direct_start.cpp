// SPDX-License-Identifier: MIT
#include "daemon/direct_start.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <sys/epoll.h>

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "daemon/environment.h"
#include "os/pidfile.h"
#include "os/system_error.h"
#include "script/settings.h"

namespace comar {
namespace {

constexpr mode_t usual_umask = 022;

/// As workers have it: whoever holds such an end never gets SIGPIPE.
Result<UniqueFd> open_output(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW));
    if (!fd) return system_failure("open " + path);
    return fd;
}

using namespace std::chrono_literals;

/// Whoever takes longer hangs, and what it has not started is for scripts.
constexpr auto longest_batch = 5s;

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
    const std::string& pidfile = facts.plain_start->pidfile;
    if (pidfile.empty()) return true;
    if (!is_quick(pidfile)) return false;
    // Whose process a pidfile names that is there is for the script to judge.
    const auto claim = read_pidfile(pidfile);
    return !claim || !Process::open_pid(claim->pid);
}

/// Not on a disk or a network that may hang: comard reads and writes it, and must not wait.
bool DirectStart::is_quick(const std::string& pidfile) const {
    const std::string folders[] = {"/run/", "/var/run/", run_ + "/"};
    return std::any_of(std::begin(folders), std::end(folders),
                       [&](const std::string& folder) { return pidfile.starts_with(folder); });
}

void DirectStart::start(Service& service, const Facts::PlainStart& plain, Done done) {
    const std::string app = service.app();
    Starting& starting = starting_[app];
    starting.request.arguments = plain.arguments;
    starting.pidfile = plain.pidfile;
    starting.notifies = plain.notifies && !service.settings().supervision.readiness;
    starting.done = std::move(done);
    if (wanted_.empty()) loop_.defer([this] { flush(); });
    wanted_.push_back(app);
    if (auto prepared = prepare(app, service, starting); !prepared) {
        wanted_.pop_back();
        failed(app, prepared.error().message);
    }
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
    if (descriptors_) request.descriptor_limit = descriptors_->rlim_cur;
    return {};
}

void DirectStart::flush() {
    const auto apps = std::exchange(wanted_, {});
    if (apps.size() == 1) return start_one(apps.front());
    if (!apps.empty()) start_many(apps);
}

void DirectStart::start_one(const std::string& app) {
    auto launched_now = launch(starting_.at(app).request);
    if (!launched_now) return failed(app, launched_now.error().message);
    auto watch = IoWatch::create(loop_, launched_now->report.get(), EPOLLIN,
                                 [this, app](std::uint32_t) { launched(app); });
    if (!watch) return failed(app, watch.error().message);
    singles_.emplace(app, Single{std::move(*launched_now), std::move(*watch)});
}

/// It is the program by now, or has failed to become it.
void DirectStart::launched(const std::string& app) {
    // The watch must outlive its own call-back.
    const auto held = singles_.extract(app);
    const Single& single = held.mapped();
    const auto checked = check_launch(single.launch, starting_.at(app).request);
    if (!checked) {
        return failed(app, checked.error().message);
    }
    started(app, single.launch.child.id);
}

void DirectStart::start_many(const std::vector<std::string>& apps) {
    std::vector<SpawnRequest> requests;
    for (const std::string& app : apps) requests.push_back(starting_.at(app).request);
    auto launch = LaunchBatch::start(requests);
    const std::uint64_t number = ++batch_count_;
    auto watch = launch ? IoWatch::create(loop_, launch->report(), EPOLLIN,
                                          [this, number](std::uint32_t) { read(number); })
                        : Result<IoWatch>(Failure(launch.error()));
    if (!watch) {
        for (const std::string& app : apps) failed(app, watch.error().message);
        return;
    }
    auto timer =
        std::make_unique<Timer>(loop_, [this, number] { batches_.at(number).launch.kill(); });
    timer->arm(longest_batch);
    batches_.emplace(number, Batch{std::move(*launch),
                                   apps,
                                   {apps.begin(), apps.end()},
                                   std::move(*watch),
                                   std::move(timer)});
}

void DirectStart::read(std::uint64_t number) {
    Batch& batch = batches_.at(number);
    bool at_end = false;
    const auto outcomes = batch.launch.read(at_end);
    // Copies, for what follows may lead to other batches.
    const std::vector<std::string> apps = batch.apps;
    std::set<std::string> left;
    for (const LaunchOutcome& outcome : outcomes) {
        if (outcome.index < apps.size()) batch.open.erase(apps[outcome.index]);
    }
    // The watch must outlive its own call-back.
    const auto held = at_end ? batches_.extract(number) : decltype(batches_)::node_type();
    if (at_end) left = held.mapped().open;
    for (const LaunchOutcome& outcome : outcomes) {
        if (outcome.index >= apps.size()) continue;
        const std::string& app = apps[outcome.index];
        if (outcome.is_started != 0) {
            started(app, outcome.id);
        } else {
            failed(app, "its program cannot be started");
        }
    }
    for (const std::string& app : left) failed(app, "starting it takes too long");
}

void DirectStart::started(const std::string& app, const ProcessId& id) {
    const auto held = starting_.extract(app);
    if (!held) return;
    Service* service = find_service_(app);
    if (service != nullptr) service->process_started(id, ::getpid());
    const std::string& pidfile = held.mapped().pidfile;
    if (!pidfile.empty()) {
        if (auto written = write_pidfile(pidfile, id.pid); !written) {
            spdlog::warn("{}: {}", app, written.error().message);
        }
    }
    if (service != nullptr && held.mapped().notifies) service->announce_started();
    held.mapped().done(true);
}

void DirectStart::failed(const std::string& app, const std::string& why) {
    const auto held = starting_.extract(app);
    if (!held) return;
    spdlog::debug("{}: {}, so its script starts it", app, why);
    held.mapped().done(false);
}

std::vector<ProcessId> DirectStart::processes() const {
    std::vector<ProcessId> all;
    for (const auto& [number, batch] : batches_) all.push_back(batch.launch.id());
    return all;
}

}  // namespace comar
