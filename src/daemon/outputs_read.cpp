// SPDX-License-Identifier: MIT
// How Outputs reads: from a FIFO or pipe to the sink of its service.
#include <algorithm>
#include <cerrno>
#include <chrono>

#include <sys/ioctl.h>

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "daemon/outputs.h"

namespace comar {
namespace {

using namespace std::chrono_literals;

/// What a pipe holds at first, and what one grows to that was found full, pipe(7): so its writer
/// has something to do while comard is with others.
constexpr int small_pipe = 65536;
constexpr int large_pipe = 1 << 20;

/// Each line is a system call for a socket.
constexpr std::size_t socket_batch = std::size_t{32} << 10;

constexpr std::size_t smallest_batch = std::size_t{4} << 10;

/// Memory of a batch is given back above this; lines that are nearly empty grow by their stamps.
constexpr std::size_t kept_memory = std::size_t{1} << 20;

constexpr auto retry_delay = 10ms;

WallTime wall_now() {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

int bytes_in(const UniqueFd& pipe) {
    int bytes = 0;
    return ::ioctl(pipe.get(), FIONREAD, &bytes) == 0 ? bytes : 0;
}

}  // namespace

/// The batch that an earlier comard was killed with.
void Outputs::take_up(const Intake::Batch& batch) {
    const auto found = services_.find(batch.app);
    if (found == services_.end() || batch.data.empty()) return;
    auto& sources = found->second.sources;
    const auto source = std::ranges::find(sources, batch.stream, &Source::stream);
    if (source != sources.end()) pass_on(batch.app, found->second, *source, batch.data, wall_now());
}

void Outputs::read(const std::string& app, Source& source) {
    Service& service = services_.at(app);
    if (take(app, service, source)) return;
    finish(service, source);
    service.sources.remove_if([&](const Source& one) { return &one == &source; });
}

std::size_t Outputs::batch_limit(const std::string& app) const {
    if (target_of(app) != OutputTarget::file) return socket_batch;
    // A file exceeds its limit by a batch at most, which must be little beside a small limit.
    return std::clamp<std::size_t>(logs_.size_limit() / 4, smallest_batch, Intake::capacity);
}

/// Reads one batch, so that a service that writes as fast as it can leaves time for the others.
/// False: the writers are gone.
bool Outputs::take(const std::string& app, Service& service, Source& source) {
    const int there = bytes_in(source.fd);
    const std::size_t most = batch_limit(app);
    const std::size_t size = std::clamp<std::size_t>(static_cast<std::size_t>(there), 1, most);
    const WallTime now = wall_now();
    intake_.begin(app, source.stream, service.sink->prepare(now), source.lines.rest(), size);
    const ssize_t count = ::read(source.fd.get(), intake_.data(), size);
    if (count > 0) {
        pass_on(app, service, source, {intake_.data(), static_cast<std::size_t>(count)}, now);
    }
    intake_.end();
    if (there >= small_pipe && !source.is_large) {
        // An unprivileged comard may have used up what its user is allowed; it is slower then.
        (void)::fcntl(source.fd.get(), F_SETPIPE_SZ, large_pipe);
        source.is_large = true;
    }
    return count != 0;
}

void Outputs::pass_on(const std::string& app, Service& service, Source& source,
                      std::string_view data, WallTime now) {
    const bool had_rest = !source.lines.rest().empty();
    source.lines.feed(data, stamps_.stamp(now, source.stream), lines_);
    write(service, now);
    const std::string& rest = source.lines.rest();
    if (!source.is_fifo || (!had_rest && rest.empty())) return;
    save_rest(rest_path(app, source.stream), rest);
}

void Outputs::finish(Service& service, Source& source) {
    const WallTime now = wall_now();
    source.lines.finish(stamps_.stamp(now, source.stream), lines_);
    (void)service.sink->prepare(now);
    write(service, now);
}

/// No more than pipes can hold, for their writers may live on.
void Outputs::drain(const std::string& app, Service& service) {
    for (Source& source : service.sources) {
        for (int left = large_pipe; left > 0;) {
            const int there = bytes_in(source.fd);
            if (there <= 0 || !take(app, service, source)) break;
            left -= std::min(there, static_cast<int>(Intake::capacity));
        }
    }
}

void Outputs::write(Service& service, WallTime now) {
    if (lines_.empty()) return;
    service.recent.add(lines_);
    note_result(service, service.sink->write(lines_, now));
    if (service.sink->has_waiting() && !retry_.armed()) retry_.arm(retry_delay);
    lines_.clear();
    if (lines_.capacity() > kept_memory) lines_.shrink_to_fit();
}

void Outputs::note_result(Service& service, const Result<>& written) {
    LogSink& sink = *service.sink;
    if (!written && !service.complained) {
        spdlog::warn("{}; its lines are lost until that works again", written.error().message);
    }
    if (!written) service.complained = true;
    if (!written || !service.complained || sink.has_waiting()) return;
    spdlog::info("{} can be written again; {} bytes ({} lines) were lost", sink.name(),
                 sink.lost().bytes, sink.lost().lines);
    service.complained = false;
}

void Outputs::send_waiting() {
    bool still = false;
    for (auto& [app, service] : services_) {
        if (!service.sink->has_waiting()) continue;
        note_result(service, service.sink->send_waiting());
        still = still || service.sink->has_waiting();
    }
    if (still) retry_.arm(retry_delay);
}

}  // namespace comar
