// SPDX-License-Identifier: MIT
#include "daemon/direct_start.h"

#include <memory>
#include <utility>

#include <sys/epoll.h>

#include <spdlog/spdlog.h>
#include <unistd.h>

#include "core/fault_point.h"
#include "daemon/environment.h"
#include "daemon/quick_pidfile.h"
#include "os/pidfile.h"
#include "script/settings.h"

namespace comar {
namespace {

using namespace std::chrono_literals;

/// Whoever takes longer hangs, and what it has not started is for scripts.
constexpr auto longest_start = 5s;
/// So many fit into a socket, and more would not make it any faster.
constexpr std::size_t most_sent = 64;
/// Then others have their turn.
constexpr int most_read = 16;

}  // namespace

DirectStart::DirectStart(Loop& loop, Outputs& outputs, FindService find_service,
                         std::optional<rlimit> descriptors, std::string run)
    : loop_(loop),
      outputs_(outputs),
      find_service_(std::move(find_service)),
      descriptors_(descriptors),
      run_(std::move(run)),
      patience_(loop, [this] {
          if (spawner_) spawner_->kill();
      }) {
    if (auto made = make_spawner(); !made) spdlog::warn("{}", made.error().message);
}

bool DirectStart::is_possible(const Service& service, const Facts& facts) const {
    if (!facts.plain_start || service.running().value_or(false) || service.processes().alive()) {
        return false;
    }
    const ServiceSettings& settings = service.settings().supervision;
    const bool wants_more =
        settings.watchdog || (settings.readiness && settings.readiness->kind == Probe::Kind::fd);
    if (wants_more || !settings_for_worker(service.settings().values).empty()) return false;
    const Facts::PlainStart& plain = *facts.plain_start;
    if (!names_nobody(plain.pidfile)) return false;
    // One that comard has not touched since boot may have been started by somebody else.
    if (service.running() || plain.status == Facts::PlainStart::Status::none) return true;
    return plain.status == Facts::PlainStart::Status::pidfile &&
           (plain.status_pidfile == plain.pidfile || names_nobody(plain.status_pidfile));
}

/// Whose process a pidfile names that is there is for the script to judge.
bool DirectStart::names_nobody(const std::string& pidfile) const {
    if (pidfile.empty()) return true;
    if (!is_quick(pidfile, run_)) return false;
    const auto pid = read_pid(pidfile);
    return !pid || !Process::open_pid(*pid);
}

void DirectStart::start(Service& service, const Facts::PlainStart& plain,
                        const std::string& notify_socket, Done done) {
    const std::uint64_t number = ++last_number_;
    Starting& starting = starting_[number];
    starting.app = service.app();
    starting.notifies = plain.notifies && !service.settings().supervision.readiness;
    starting.done = std::move(done);
    auto program = prepare(service, plain, notify_socket);
    if (!program) return failed(number, program.error().message);
    starting.program = std::move(*program);
    waiting_.push_back(number);
    pump();
}

Result<BackgroundProgram> DirectStart::prepare(Service& service, const Facts::PlainStart& plain,
                                               const std::string& notify_socket) {
    auto streams = outputs_.open(service.app());
    if (!streams) return Failure(std::move(streams.error()));
    BackgroundProgram program;
    program.arguments = plain.arguments;
    program.environment = environment_of(service.app());
    if (!notify_socket.empty()) program.environment.push_back("NOTIFY_SOCKET=" + notify_socket);
    program.output = std::move(streams->out);
    program.error = std::move(streams->err);
    program.cgroup = service.processes().cgroup_path();
    program.pidfile = plain.pidfile;
    if (descriptors_) program.descriptor_limit = descriptors_->rlim_cur;
    return program;
}

void DirectStart::pump() {
    while (!waiting_.empty() && sent_.size() < most_sent) {
        const std::uint64_t number = waiting_.front();
        waiting_.pop_front();
        if (auto sent = send(number); !sent) failed(number, sent.error().message);
    }
}

Result<> DirectStart::send(std::uint64_t number) {
    if (!spawner_) {
        if (auto made = make_spawner(); !made) return made;
    }
    if (auto sent = spawner_->start(number, starting_.at(number).program); !sent) return sent;
    fault_point("start", "spawning");
    if (sent_.empty()) patience_.arm(longest_start);
    sent_.insert(number);
    return {};
}

Result<> DirectStart::make_spawner() {
    auto spawner = Spawner::create();
    if (!spawner) return Failure(std::move(spawner.error()));
    auto watch =
        IoWatch::create(loop_, spawner->descriptor(), EPOLLIN, [this](std::uint32_t) { read(); });
    if (!watch) return Failure(std::move(watch.error()));
    spawner_ = std::move(*spawner);
    watch_ = std::move(*watch);
    return {};
}

void DirectStart::read() {
    for (int left = most_read; left > 0; --left) {
        const auto outcome = spawner_->next();
        if (!outcome) return lose_spawner();
        if (!*outcome) break;
        const auto& [number, id, error] = **outcome;
        sent_.erase(number);
        patience_.disarm();
        if (!sent_.empty()) patience_.arm(longest_start);
        fault_point("start", "spawned");
        if (id.pid > 0) {
            started(number, id, error);
        } else {
            failed(number, error);
        }
    }
    pump();
}

/// What it was about to start is for scripts; what waits is for the next one.
void DirectStart::lose_spawner() {
    // The watch must outlive its own call-back.
    loop_.defer([held = std::make_shared<IoWatch>(std::move(*watch_))] {});
    watch_.reset();
    spawner_.reset();
    patience_.disarm();
    for (const std::uint64_t number : std::exchange(sent_, {})) {
        failed(number, "starting it takes too long");
    }
    pump();
}

void DirectStart::started(std::uint64_t number, const ProcessId& id, const std::string& problem) {
    const auto held = starting_.extract(number);
    if (!held) return;
    const auto& [app, program, notifies, done] = held.mapped();
    if (!problem.empty()) spdlog::warn("{}: {}", app, problem);
    Service* service = find_service_(app);
    if (service != nullptr) service->program_started(id);
    if (service != nullptr && notifies) service->announce(true);
    done(true);
}

void DirectStart::failed(std::uint64_t number, const std::string& why) {
    const auto held = starting_.extract(number);
    if (!held) return;
    spdlog::debug("{}: {}, so its script starts it", held.mapped().app, why);
    held.mapped().done(false);
}

std::vector<ProcessId> DirectStart::processes() const {
    return spawner_ ? std::vector{spawner_->id()} : std::vector<ProcessId>();
}

}  // namespace comar
