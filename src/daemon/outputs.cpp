// SPDX-License-Identifier: MIT
#include "daemon/outputs.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "os/system_error.h"

namespace comar {
namespace {

/// Read at a time, so that a service that writes as fast as it can leaves time for the others.
constexpr std::size_t chunk = 65536;
/// A pipe grows to 1 MiB, pipe(7), if its writer wants that.
constexpr int max_pieces = 16;

/// "2026-11-24T06:40:12.123456Z out ": when comard read it, and where from.
std::string stamp_of(const std::string& stream) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    std::tm parts{};
    ::gmtime_r(&now.tv_sec, &parts);
    std::array<char, 32> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    return fmt::format("{}.{:06}Z {} ", std::string_view(text.data(), size), now.tv_nsec / 1000,
                       stream);
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

}  // namespace

Result<Outputs::Streams> Outputs::open(const std::string& app) {
    if (const auto found = services_.find(app); found != services_.end()) {
        return found->second.paths;
    }
    auto out = open_fifo(fifo_folder_ + "/" + app + ".out");
    if (!out) return Failure(std::move(out.error()));
    auto err = open_fifo(fifo_folder_ + "/" + app + ".err");
    if (!err) return Failure(std::move(err.error()));
    Streams paths = service(app).paths;
    auto added = add_source(app, "out", std::move(*out), true);
    if (added) added = add_source(app, "err", std::move(*err), true);
    if (added) return paths;
    // A FIFO that nobody reads would stop whoever writes to it.
    services_.erase(app);
    return Failure(std::move(added.error()));
}

Result<> Outputs::follow(const std::string& app, const std::string& stream, UniqueFd pipe) {
    const int flags = ::fcntl(pipe.get(), F_GETFL);
    if (flags < 0 || ::fcntl(pipe.get(), F_SETFL, flags | O_NONBLOCK) < 0) {
        return system_failure("follow the output of " + app);
    }
    if (!services_.contains(app)) {
        if (auto opened = open(app); !opened) return Failure(std::move(opened.error()));
    }
    return add_source(app, stream == "err" ? "err" : "out", std::move(pipe), false);
}

void Outputs::close(const std::string& app) {
    const auto found = services_.find(app);
    if (found == services_.end()) return;
    for (Source& source : found->second.sources) drain_all(found->second, source);
    (void)::unlink(found->second.paths.out.c_str());
    (void)::unlink(found->second.paths.err.c_str());
    services_.erase(found);
}

std::string Outputs::log_path(const std::string& app) const {
    return log_folder_ + "/" + app + ".log";
}

Outputs::Service& Outputs::service(const std::string& app) {
    const std::string fifo = fifo_folder_ + "/" + app;
    return services_
        .try_emplace(app,
                     Service{{fifo + ".out", fifo + ".err"}, LogFile(log_path(app), {}), {}, false})
        .first->second;
}

Result<> Outputs::add_source(const std::string& app, const std::string& stream, UniqueFd fd,
                             bool permanent) {
    auto& sources = service(app).sources;
    Source& source = sources.emplace_back(Source{stream, std::move(fd), {}, {}, permanent});
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
    if (drain(service, source)) return;
    service.sources.remove_if([&](const Source& one) { return &one == &source; });
}

/// Reads one piece. False: the writers are gone.
bool Outputs::drain(Service& service, Source& source) {
    std::array<char, chunk> piece;
    const ssize_t size = ::read(source.fd.get(), piece.data(), piece.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    std::string lines;
    const std::string stamp = stamp_of(source.stream);
    if (size > 0) {
        source.lines.feed({piece.data(), static_cast<std::size_t>(size)}, stamp, lines);
    } else {
        source.lines.finish(stamp, lines);
    }
    if (!lines.empty()) append(service, lines);
    return size > 0 || source.permanent;
}

/// All that is in the pipe now; no more than a pipe can hold, for its writer may live on.
void Outputs::drain_all(Service& service, Source& source) {
    for (int left = 0, pieces = 0; pieces < max_pieces; ++pieces) {
        if (::ioctl(source.fd.get(), FIONREAD, &left) != 0 || left <= 0) return;
        if (!drain(service, source)) return;
    }
}

void Outputs::append(Service& service, const std::string& lines) {
    const auto written = service.log.append(lines);
    if (!written && !service.complained) {
        spdlog::warn("{}; its lines are lost until that works again", written.error().message);
    }
    if (written && service.complained) {
        spdlog::info("{} can be written again; {} bytes were lost", service.log.path(),
                     service.log.lost());
    }
    service.complained = !written;
}

}  // namespace comar
