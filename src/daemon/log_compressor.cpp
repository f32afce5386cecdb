// SPDX-License-Identifier: MIT
#include "daemon/log_compressor.h"

#include <chrono>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "os/read_file.h"
#include "os/system_error.h"

namespace comar {
namespace {

using namespace std::chrono_literals;

/// A service that fills one log after the other pushes them out before anybody would compress them.
constexpr auto delay = 1s;
constexpr int low_priority = 10;
/// A child that was killed is gone after so long, however busy the machine.
constexpr auto end_limit = 1s;

}  // namespace

LogCompressor::LogCompressor(Loop& loop, ChildWatch& children, LogFolder& logs, std::string program)
    : loop_(loop),
      children_(children),
      logs_(logs),
      program_(std::move(program)),
      timer_(loop, [this] { next(); }) {
    logs_.on_rotated([this](const PlainLog& log) { add(log); });
}

LogCompressor::~LogCompressor() {
    logs_.on_rotated({});
    if (!running_) return;
    children_.forget(running_->child.id.pid);
    if (const auto process = Process::open(running_->child.id)) {
        (void)process->signal(SIGKILL);
        (void)process->wait_gone(end_limit);
    }
    (void)::unlink(running_->unfinished.c_str());
}

void LogCompressor::start() {
    for (const PlainLog& log : logs_.plain_logs()) add(log);
}

std::vector<ProcessId> LogCompressor::processes() const {
    return running_ ? std::vector{running_->child.id} : std::vector<ProcessId>{};
}

void LogCompressor::add(const PlainLog& log) {
    waiting_.push_back({log, loop_.now() + delay});
    if (!running_ && !timer_.armed()) timer_.arm(waiting_.front().due);
}

void LogCompressor::next() {
    while (!running_ && !waiting_.empty()) {
        if (waiting_.front().due > loop_.now()) return timer_.arm(waiting_.front().due);
        const PlainLog log = std::move(waiting_.front().log);
        waiting_.pop_front();
        const std::string path = logs_.path_of(log);
        if (path.empty()) continue;
        auto running = run(log, path);
        if (!running) {
            if (!std::exchange(complained_, true)) spdlog::warn("{}", running.error().message);
            continue;
        }
        running_.emplace(std::move(*running));
        children_.on_exit(running_->child.id.pid,
                          [this](const ReapedChild& child) { ended(child); });
    }
}

Result<LogCompressor::Running> LogCompressor::run(const PlainLog& log, const std::string& path) {
    auto plain = open_regular_file(path);
    if (!plain) return Failure(std::move(plain.error()));
    const std::string unfinished = logs_.unfinished_path(log.app);
    (void)::unlink(unfinished.c_str());
    const UniqueFd output(
        ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640));
    if (!output) return system_failure("create " + unfinished);
    SpawnRequest request;
    request.arguments = {program_};
    request.input = plain->get();
    request.output = output.get();
    request.nice = low_priority;
    request.parent_death_signal = SIGKILL;
    auto child = spawn(request);
    if (child) return Running{log, unfinished, std::move(*child)};
    (void)::unlink(unfinished.c_str());
    return Failure(std::move(child.error()).while_trying("compress " + path));
}

void LogCompressor::ended(const ReapedChild& child) {
    const Running done = std::move(*running_);
    running_.reset();
    Result<> replaced;
    if (child.status.clean()) {
        replaced = logs_.replace(done.log, done.unfinished);
    } else {
        (void)::unlink(done.unfinished.c_str());
        replaced = failure(ErrorKind::internal, "cannot compress an old log of " + done.log.app +
                                                    ", keeping it as it is");
    }
    if (!replaced && !std::exchange(complained_, true)) {
        spdlog::warn("{}", replaced.error().message);
    }
    if (replaced) complained_ = false;
    next();
}

}  // namespace comar
