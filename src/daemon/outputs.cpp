// SPDX-License-Identifier: MIT
#include "daemon/outputs.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "os/system_error.h"
#include "output/file_sink.h"

namespace comar {
namespace {

using namespace std::chrono_literals;

/// What a pipe holds at first, and what one grows to that was found full, pipe(7): so its writer
/// has something to do while comard is with others.
constexpr int small_pipe = 65536;
constexpr int large_pipe = 1 << 20;

/// Each line is a system call for a socket.
constexpr std::size_t socket_batch = std::size_t{32} << 10;

/// Memory of a batch is given back above this; lines that are nearly empty grow by their stamps.
constexpr std::size_t kept_memory = std::size_t{1} << 20;

constexpr auto retry_delay = 10ms;

WallTime wall_now() {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

/// Opened read-write it has no end, and a writer that comes and goes changes nothing.
Result<UniqueFd> open_fifo(const std::string& path) {
    if (::mkfifo(path.c_str(), 0600) != 0 && errno != EEXIST) {
        return system_failure("create " + path);
    }
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return system_failure("open " + path);
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0 || !S_ISFIFO(info.st_mode)) {
        return failure(ErrorKind::invalid, "cannot use " + path + ": it is not a FIFO");
    }
    return fd;
}

int bytes_in(const UniqueFd& pipe) {
    int bytes = 0;
    return ::ioctl(pipe.get(), FIONREAD, &bytes) == 0 ? bytes : 0;
}

std::string rest_path_of(const std::string& fifo) { return fifo + ".rest"; }

}  // namespace

Outputs::Outputs(Loop& loop, Options options, LogFolder& logs)
    : loop_(loop),
      options_(std::move(options)),
      logs_(logs),
      intake_(options_.fifo_folder + "/intake"),
      retry_(loop, [this] { send_waiting(); }) {
    if (intake_.error()) {
        spdlog::warn("{}; lines may be lost if comard is killed", intake_.error()->message);
    }
}

void Outputs::restore() {
    const auto left = intake_.left_over();
    if (left) {
        take_back(log_path(left->app), left->place);
        save_rest(rest_path_of(fifo_path(left->app, left->stream)), left->rest);
    }
    if (auto loaded = logs_.load(); !loaded) spdlog::warn("{}", loaded.error().message);
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(options_.fifo_folder, error)) {
        if (entry.path().extension() != ".out" || !entry.is_fifo(error)) continue;
        const auto opened = open(entry.path().stem());
        if (!opened) spdlog::warn("{}", opened.error().message);
    }
    if (left) take_up(*left);
    intake_.end();
}

/// The batch that an earlier comard was killed with.
void Outputs::take_up(const Intake::Batch& batch) {
    const auto found = services_.find(batch.app);
    if (found == services_.end() || batch.data.empty()) return;
    auto& sources = found->second.sources;
    const auto source = std::ranges::find(sources, batch.stream, &Source::stream);
    if (source != sources.end()) pass_on(found->second, *source, batch.data, wall_now());
}

std::string Outputs::fifo_path(const std::string& app, Stream stream) const {
    return options_.fifo_folder + "/" + app + (stream == Stream::err ? ".err" : ".out");
}

Result<Outputs::Streams> Outputs::open(const std::string& app) {
    if (const auto found = services_.find(app); found != services_.end()) {
        return found->second.paths;
    }
    Service& added = service(app);
    for (const Stream stream : {Stream::out, Stream::err}) {
        const std::string path = fifo_path(app, stream);
        auto fifo = open_fifo(path);
        Result<> watched;
        if (fifo) {
            Source source{stream, std::move(*fifo), rest_path_of(path), {}, {}, false};
            source.lines.set_rest(load_rest(source.rest_path));
            watched = add_source(app, std::move(source));
        } else {
            watched = Failure(std::move(fifo.error()));
        }
        if (watched) continue;
        // A FIFO that nobody reads would stop whoever writes to it.
        services_.erase(app);
        return Failure(std::move(watched.error()));
    }
    return added.paths;
}

Result<> Outputs::follow(const std::string& app, const std::string& stream, UniqueFd pipe) {
    const int flags = ::fcntl(pipe.get(), F_GETFL);
    if (flags < 0 || ::fcntl(pipe.get(), F_SETFL, flags | O_NONBLOCK) < 0) {
        return system_failure("follow the output of " + app);
    }
    if (!services_.contains(app)) {
        if (auto opened = open(app); !opened) return Failure(std::move(opened.error()));
    }
    const Stream which = stream == "err" ? Stream::err : Stream::out;
    return add_source(app, Source{which, std::move(pipe), {}, {}, {}, false});
}

void Outputs::set_target(const std::string& app, OutputTarget target) {
    if (target_of(app) == target) return;
    targets_[app] = target;
    const auto found = services_.find(app);
    if (found == services_.end()) return;
    found->second.sink = make_sink(target, app, options_.root, logs_);
    found->second.complained = false;
}

OutputTarget Outputs::target_of(const std::string& app) const {
    const auto found = targets_.find(app);
    return found == targets_.end() ? options_.target : found->second;
}

void Outputs::drain(const std::string& app) {
    if (const auto found = services_.find(app); found != services_.end()) {
        drain(app, found->second);
    }
}

std::vector<std::string> Outputs::last_lines(const std::string& app, std::size_t count) const {
    const auto found = services_.find(app);
    return found == services_.end() ? std::vector<std::string>{} : found->second.recent.last(count);
}

void Outputs::close(const std::string& app) {
    targets_.erase(app);
    const auto found = services_.find(app);
    if (found == services_.end()) return;
    drain(app, found->second);
    for (Source& source : found->second.sources) {
        finish(found->second, source);
        if (!source.rest_path.empty()) save_rest(source.rest_path, {});
    }
    (void)::unlink(found->second.paths.out.c_str());
    (void)::unlink(found->second.paths.err.c_str());
    services_.erase(found);
}

Outputs::Service& Outputs::service(const std::string& app) {
    Service& added = services_[app];
    added.paths = {fifo_path(app, Stream::out), fifo_path(app, Stream::err)};
    added.sink = make_sink(target_of(app), app, options_.root, logs_);
    return added;
}

Result<> Outputs::add_source(const std::string& app, Source added) {
    auto& sources = services_.at(app).sources;
    Source& source = sources.emplace_back(std::move(added));
    auto watch = IoWatch::create(loop_, source.fd.get(), EPOLLIN,
                                 [this, app, &source](std::uint32_t) { read(app, source); });
    if (!watch) {
        sources.pop_back();
        return Failure(std::move(watch.error()));
    }
    source.watch = std::move(*watch);
    return {};
}

void Outputs::read(const std::string& app, Source& source) {
    Service& service = services_.at(app);
    if (take(app, service, source)) return;
    finish(service, source);
    service.sources.remove_if([&](const Source& one) { return &one == &source; });
}

/// Reads one batch, so that a service that writes as fast as it can leaves time for the others.
/// False: the writers are gone.
bool Outputs::take(const std::string& app, Service& service, Source& source) {
    const int there = bytes_in(source.fd);
    const std::size_t most = target_of(app) == OutputTarget::file ? Intake::capacity : socket_batch;
    const std::size_t size = std::clamp<std::size_t>(static_cast<std::size_t>(there), 1, most);
    const WallTime now = wall_now();
    intake_.begin(app, source.stream, service.sink->prepare(now), source.lines.rest(), size);
    const ssize_t count = ::read(source.fd.get(), intake_.data(), size);
    if (count > 0) {
        pass_on(service, source, {intake_.data(), static_cast<std::size_t>(count)}, now);
    }
    intake_.end();
    if (there >= small_pipe && !source.is_large) {
        // An unprivileged comard may have used up what its user is allowed; it is slower then.
        (void)::fcntl(source.fd.get(), F_SETPIPE_SZ, large_pipe);
        source.is_large = true;
    }
    return count != 0;
}

void Outputs::pass_on(Service& service, Source& source, std::string_view data, WallTime now) {
    const bool had_rest = !source.lines.rest().empty();
    source.lines.feed(data, stamps_.stamp(now, source.stream), lines_);
    write(service, now);
    const std::string& rest = source.lines.rest();
    if (!source.rest_path.empty() && (had_rest || !rest.empty())) save_rest(source.rest_path, rest);
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
