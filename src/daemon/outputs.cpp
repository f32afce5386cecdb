// SPDX-License-Identifier: MIT
#include "daemon/outputs.h"

#include <filesystem>

#include <sys/epoll.h>

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "os/fifo.h"
#include "os/system_error.h"
#include "output/file_sink.h"

namespace comar {
namespace {}  // namespace

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

Outputs::~Outputs() {
    for (auto& [app, service] : services_) part_from(service);
}

void Outputs::part_from(Service& service) {
    if (!service.sink->has_waiting()) return;
    (void)service.sink->send_waiting();
    if (!service.sink->has_waiting()) return;
    spdlog::warn("{} is full; lines that waited for it are lost", service.sink->name());
}

void Outputs::restore() {
    const auto left = intake_.left_over();
    if (left) {
        take_back(log_path(left->app), left->place);
        save_rest(rest_path(left->app, left->stream), left->rest);
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

std::string Outputs::fifo_path(const std::string& app, Stream stream) const {
    return options_.fifo_folder + "/" + app + (stream == Stream::err ? ".err" : ".out");
}

Outputs::Streams Outputs::paths_of(const std::string& app) const {
    return {fifo_path(app, Stream::out), fifo_path(app, Stream::err)};
}

std::string Outputs::rest_path(const std::string& app, Stream stream) const {
    return fifo_path(app, stream) + ".rest";
}

Result<Outputs::Streams> Outputs::open(const std::string& app) {
    if (services_.contains(app)) return paths_of(app);
    make_service(app);
    for (const Stream stream : {Stream::out, Stream::err}) {
        auto fifo = open_fifo(fifo_path(app, stream));
        Result<> watched;
        if (fifo) {
            Source source{stream, std::move(*fifo), true, {}, {}, false};
            source.lines.set_rest(load_rest(rest_path(app, stream)));
            watched = add_source(app, std::move(source));
        } else {
            watched = Failure(std::move(fifo.error()));
        }
        if (watched) continue;
        // A FIFO that nobody reads would stop whoever writes to it.
        services_.erase(app);
        return Failure(std::move(watched.error()));
    }
    return paths_of(app);
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
    return add_source(app, Source{which, std::move(pipe), false, {}, {}, false});
}

void Outputs::set_target(const std::string& app, std::optional<OutputTarget> target) {
    const OutputTarget before = target_of(app);
    targets_.erase(app);
    if (target) targets_[app] = *target;
    if (target_of(app) == before) return;
    const auto found = services_.find(app);
    if (found == services_.end()) return;
    part_from(found->second);
    found->second.sink = make_sink(target_of(app), app, options_.root, logs_);
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

std::uint64_t Outputs::lost_lines(const std::string& app) const {
    const auto found = services_.find(app);
    return found == services_.end() ? 0 : found->second.sink->lost().lines;
}

void Outputs::begin_anew(const std::string& app) {
    const auto found = services_.find(app);
    if (found == services_.end()) return;
    end_lines(app);
    found->second.recent.forget();
}

void Outputs::end_lines(const std::string& app) {
    const auto found = services_.find(app);
    if (found == services_.end()) return;
    Service& service = found->second;
    drain(app, service);
    for (Source& source : service.sources) {
        if (!source.is_fifo || source.lines.rest().empty()) continue;
        finish(service, source);
        save_rest(rest_path(app, source.stream), "");
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
        if (source.is_fifo) save_rest(rest_path(app, source.stream), {});
    }
    part_from(found->second);
    for (const Stream stream : {Stream::out, Stream::err}) {
        (void)::unlink(fifo_path(app, stream).c_str());
    }
    services_.erase(found);
}

void Outputs::make_service(const std::string& app) {
    services_[app].sink = make_sink(target_of(app), app, options_.root, logs_);
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

}  // namespace comar
