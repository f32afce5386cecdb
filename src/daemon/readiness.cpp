// SPDX-License-Identifier: MIT
#include "daemon/readiness.h"

#include <algorithm>
#include <array>
#include <utility>

#include <sys/epoll.h>

#include <spdlog/spdlog.h>
#include <unistd.h>

#include "daemon/invoker.h"
#include "os/fifo.h"
#include "os/listeners.h"

namespace comar {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

/// Between two questions: what takes long to be ready is asked less often.
constexpr auto first_interval = 10ms;
constexpr auto longest_interval = 500ms;
constexpr auto one_question = 5s;
/// The script host tells how a program has ended; it may be slow, or gone.
constexpr auto longest_word_of_end = 1s;
/// Far above the numbers that calls of clients get, and apart from those of health checks.
constexpr std::uint64_t first_call = std::uint64_t{1} << 61;

bool tells_itself(const Probe& probe) {
    return probe.kind == Probe::Kind::notify || probe.kind == Probe::Kind::fd;
}

std::string seconds(std::chrono::milliseconds time) {
    const auto count = time.count();
    return count % 1000 == 0 ? std::to_string(count / 1000) + " s" : std::to_string(count) + " ms";
}

/// Who listens where the probe connects to. Nobody where that cannot be seen: on another machine,
/// and for a page, which may well come by way of another server.
std::set<std::uint64_t> listeners_of(const Probe& probe) {
    if (probe.kind == Probe::Kind::unix_socket) return listeners_at(probe.text);
    if (probe.kind != Probe::Kind::tcp) return {};
    const bool is_here = probe.text == "localhost" || probe.text == "::1" ||
                         probe.text.starts_with("127.") || probe.text == "0.0.0.0" ||
                         probe.text == "::";
    return is_here ? listeners_at(probe.number) : std::set<std::uint64_t>();
}

/// "it ended with exit code 1"
std::string describe_end(const Service& service) {
    const std::string how = to_string(service.last_exit());
    if (how.empty()) return "it has ended";
    return (service.last_exit().signal != 0 ? "it was ended by " : "it ended with ") + how;
}

}  // namespace

Result<> Readiness::expect(const std::string& app, const Probe& probe) {
    forget_start(app);
    if (tells_itself(probe)) told_[app] = false;
    if (auto strangers = listeners_of(probe); !strangers.empty()) {
        strangers_[app] = std::move(strangers);
    }
    if (probe.kind != Probe::Kind::fd) return {};
    (void)::unlink(fifo_of(app).c_str());
    return open_fifo(app);
}

Result<> Readiness::expect_on(const std::string& app, const Probe& probe) {
    forget_start(app);
    if (!tells_itself(probe)) return {};
    told_[app] = false;
    unheard_.insert(app);
    if (probe.kind != Probe::Kind::fd) return {};
    if (!is_fifo_open(fifo_of(app))) {
        spdlog::warn("{} counts as ready: it has closed its descriptor while comard was away", app);
        told_[app] = true;
        return {};
    }
    // What it has written is still in there.
    return open_fifo(app);
}

void Readiness::forget_start(const std::string& app) {
    told_.erase(app);
    unheard_.erase(app);
    extended_.erase(app);
    strangers_.erase(app);
}

Result<> Readiness::open_fifo(const std::string& app) {
    fifos_.erase(app);
    auto fd = comar::open_fifo(fifo_of(app));
    if (!fd) return Failure(std::move(fd.error()));
    auto watch = IoWatch::create(loop_, fd->get(), EPOLLIN, [this, app](std::uint32_t) {
        std::array<char, 256> said;
        const auto found = fifos_.find(app);
        const ssize_t size = ::read(found->second.fd.get(), said.data(), said.size());
        if (size > 0 && std::find(said.begin(), said.begin() + size, '\n') != said.begin() + size) {
            told_ready(app);
        }
    });
    if (!watch) return Failure(std::move(watch.error()));
    fifos_.emplace(app, Fifo{std::move(*fd), std::move(*watch)});
    return {};
}

void Readiness::await(const CallRequest& by, const Probe& probe, std::chrono::milliseconds timeout,
                      Done done) {
    const std::string app = by.app;
    if (probe.kind == Probe::Kind::exit || (told_.contains(app) && told_[app])) {
        return done(json());
    }
    begin(by, probe, timeout, std::move(done));
    if (!tells_itself(probe)) return ask(app);
    look_at(app);
}

void Readiness::await_end(const CallRequest& by, Done done) {
    begin(by, Probe(), longest_word_of_end, std::move(done));
    look_at(by.app);
}

void Readiness::begin(const CallRequest& by, const Probe& probe, std::chrono::milliseconds timeout,
                      Done done) {
    const std::string app = by.app;
    Waiting& waiting = waiting_[app];
    waiting.by = by;
    waiting.probe = probe;
    waiting.timeout = timeout;
    waiting.done = std::move(done);
    waiting.interval = first_interval;
    waiting.round = ++rounds_;
    waiting.deadline = std::make_unique<Timer>(loop_, [this, app] { late(app); });
    waiting.began = loop_.now();
    const auto extended = extended_.extract(app);
    waiting.until =
        std::max(waiting.began + timeout, extended ? extended.mapped() : TimePoint::min());
    waiting.deadline->arm(waiting.until);
    waiting.pause = std::make_unique<Timer>(loop_, [this, app] { ask(app); });
}

void Readiness::ask(const std::string& app) {
    Waiting& waiting = waiting_.at(app);
    waiting.problem.clear();
    switch (waiting.probe.kind) {
        case Probe::Kind::tcp:
        case Probe::Kind::unix_socket:
        case Probe::Kind::http:
            waiting.prober = std::make_unique<Prober>(
                loop_, waiting.probe,
                std::min<std::chrono::milliseconds>(one_question, waiting.timeout),
                [this, app](const std::string& problem) { answered(app, problem); });
            return;
        default:
            return ask_function(app, waiting);
    }
}

/// The pidfile is what status() looks at.
void Readiness::ask_function(const std::string& app, Waiting& waiting) {
    CallRequest call = waiting.by;
    call.model = service_model;
    call.method = waiting.probe.kind == Probe::Kind::pidfile ? "status" : waiting.probe.text;
    call.arguments = json::array();
    call.internal = true;
    call.parent.reset();
    call.id = first_call + waiting.round;
    waiting.is_asking = true;
    calls_.run(std::move(call), std::nullopt,
               [this, app, round = waiting.round](const CallReply& reply) {
                   const auto found = waiting_.find(app);
                   if (found == waiting_.end() || found->second.round != round) return;
                   found->second.is_asking = false;
                   const bool yes = reply && *reply != json(false);
                   answered(app, yes ? "" : reply ? "it says no" : reply.error().message);
               });
}

void Readiness::answered(const std::string& app, std::string problem) {
    Waiting& waiting = waiting_.at(app);
    if (problem.empty()) problem = doubt(app, waiting.probe);
    if (problem.empty()) return finish(app, json());
    waiting.problem = std::move(problem);
    waiting.pause->arm(waiting.interval);
    waiting.interval =
        std::min<std::chrono::milliseconds>(waiting.interval * 3 / 2, longest_interval);
    look_at(app);
}

/// Whether somebody else has answered: the service, whose port is taken, may just be ending.
std::string Readiness::doubt(const std::string& app, const Probe& probe) const {
    const bool is_connection = probe.kind == Probe::Kind::tcp || probe.kind == Probe::Kind::http ||
                               probe.kind == Probe::Kind::unix_socket;
    if (!is_connection) return "";
    const Service* service = find_service_(app);
    if (service == nullptr || !service->processes().alive()) return "it does not run";
    const auto strangers = strangers_.find(app);
    if (strangers == strangers_.end()) return "";
    const auto listeners = listeners_of(probe);
    const bool is_strange =
        !listeners.empty() && std::ranges::includes(strangers->second, listeners);
    return is_strange ? "another program listened there before the start" : "";
}

void Readiness::told_ready(const std::string& app) {
    if (const auto found = told_.find(app); found != told_.end()) found->second = true;
    const auto found = waiting_.find(app);
    if (found != waiting_.end() && tells_itself(found->second.probe)) finish(app, json());
}

void Readiness::told_extension(const std::string& app, std::chrono::microseconds more) {
    const TimePoint until = loop_.now() + more;
    if (const auto found = waiting_.find(app); found != waiting_.end()) {
        Waiting& waiting = found->second;
        waiting.until = std::max(waiting.until, until);
        waiting.deadline->arm(waiting.until);
    } else if (told_.contains(app)) {
        // Its script has not returned yet.
        extended_[app] = until;
    }
}

/// How one has ended is known soon anyway.
void Readiness::give_up(const std::string& app, const CallError& error) {
    const auto found = waiting_.find(app);
    const bool is_waited_for =
        found != waiting_.end() && found->second.probe.kind != Probe::Kind::exit;
    if (is_waited_for) finish(app, tl::unexpected(error));
}

/// Who waits for one that has ended waits in vain.
void Readiness::look_at(const std::string& app) {
    const auto found = waiting_.find(app);
    if (found == waiting_.end()) return;
    const Service* service = find_service_(app);
    if (service == nullptr) return finish(app, error_reply("Internal", "Unable to find " + app));
    const bool is_alive = service->processes().alive();
    // Who has ended was not the last one.
    const bool is_settled = is_alive && !service->has_worker();
    if (is_settled && found->second.probe.kind == Probe::Kind::exit) return finish(app, json());
    if (is_alive || !service->had_process()) return;
    // How it has ended is on its way, or what it has left is still its worker's.
    if (!service->processes().adopted().empty() || service->has_worker()) return;
    const Probe& probe = found->second.probe;
    const Service::LastExit& last = service->last_exit();
    if (probe.kind != Probe::Kind::exit) {
        finish(app, error_reply("Failed", app + " is not ready: " + describe_end(*service) +
                                              ", while comar waited for " + to_string(probe)));
    } else if (last.code == 0 && last.signal == 0) {
        finish(app, json());
    } else {
        finish(app, error_reply("Failed", app + " does not run: " + describe_end(*service) +
                                              " right after its start"));
    }
}

/// The limit, with what it has asked for besides.
std::string Readiness::waited(const Waiting& waiting) {
    return seconds(
        std::chrono::duration_cast<std::chrono::milliseconds>(waiting.until - waiting.began));
}

void Readiness::late(const std::string& app) {
    const Waiting& waiting = waiting_.at(app);
    // Nobody knows how it has ended, and its script is content.
    if (waiting.probe.kind == Probe::Kind::exit) return finish(app, json());
    if (unheard_.contains(app)) {
        spdlog::warn(
            "{} counts as ready: comar waited {} for {}, which may have come while comard "
            "was away",
            app, waited(waiting), to_string(waiting.probe));
        return finish(app, json());
    }
    std::string text = app + " is not ready after " + waited(waiting) + ": comar waited for " +
                       to_string(waiting.probe);
    if (!waiting.problem.empty()) text += " (" + waiting.problem + ")";
    finish(app, error_reply("TimedOut", std::move(text)));
}

void Readiness::finish(const std::string& app, CallReply reply) {
    const auto waiting = std::make_shared<Waiting>(std::move(waiting_.at(app)));
    waiting_.erase(app);
    fifos_.erase(app);
    strangers_.erase(app);
    unheard_.erase(app);
    if (waiting->is_asking) (void)calls_.cancel(first_call + waiting->round);
    waiting->done(std::move(reply));
    // One of its timers may be what has called us.
    loop_.defer([waiting] {});
}

void Readiness::cancel_all() {
    while (!waiting_.empty()) {
        const std::string app = waiting_.begin()->first;
        finish(app, error_reply("Cancelled",
                                "cannot wait until " + app +
                                    " is ready: comard ends; the next one goes on with its start"));
    }
}

void Readiness::forget(const std::string& app) {
    forget_start(app);
    if (fifos_.erase(app) > 0) (void)::unlink(fifo_of(app).c_str());
    if (waiting_.contains(app)) finish(app, error_reply("Internal", "Unable to find " + app));
}

}  // namespace comar
