// SPDX-License-Identifier: MIT
#include "os/spawner.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <limits>
#include <memory>

#include <sys/prctl.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <unistd.h>

#include "os/clone.h"
#include "os/fifo.h"
#include "os/packed_words.h"
#include "os/pidfile.h"
#include "os/proc_scan.h"
#include "os/spawn.h"
#include "os/system_error.h"

namespace comar {
namespace {

/// Less than what a socket takes at once, socket(7) SO_SNDBUF.
constexpr std::size_t most_bytes = 128 * 1024;
constexpr std::size_t most_error_bytes = 4 * 1024;
constexpr mode_t usual_umask = 022;
constexpr auto no_limit = std::numeric_limits<std::uint64_t>::max();

std::string pack(std::uint64_t number, const BackgroundProgram& program) {
    PackedWriter writer;
    writer.number(number);
    writer.list(program.arguments);
    writer.list(program.environment);
    writer.text(program.output);
    writer.text(program.error);
    writer.text(program.cgroup);
    writer.text(program.pidfile);
    writer.number(program.descriptor_limit.value_or(no_limit));
    return writer.bytes();
}

BackgroundProgram unpack(PackedReader& reader) {
    BackgroundProgram program;
    program.arguments = reader.list();
    program.environment = reader.list();
    program.output = reader.text();
    program.error = reader.text();
    program.cgroup = reader.text();
    program.pidfile = reader.text();
    const std::uint64_t limit = reader.number();
    if (limit != no_limit) program.descriptor_limit = limit;
    return program;
}

std::string pack(const Spawner::Outcome& outcome) {
    PackedWriter writer;
    writer.number(outcome.number);
    writer.number(static_cast<std::uint64_t>(outcome.id.pid));
    writer.number(outcome.id.start_time);
    writer.text(std::string_view(outcome.error).substr(0, most_error_bytes));
    return writer.bytes();
}

Spawner::Outcome unpack_outcome(std::string_view bytes) {
    PackedReader reader(bytes);
    Spawner::Outcome outcome;
    outcome.number = reader.number();
    outcome.id.pid = static_cast<pid_t>(reader.number());
    outcome.id.start_time = reader.number();
    outcome.error = reader.text();
    return outcome;
}

// What follows runs in the copy.

Result<ProcessId> start_program(const BackgroundProgram& program) {
    auto output = open_fifo_for_program(program.output);
    if (!output) return Failure(std::move(output.error()));
    auto error = open_fifo_for_program(program.error);
    if (!error) return Failure(std::move(error.error()));
    UniqueFd cgroup;
    if (!program.cgroup.empty()) {
        cgroup.reset(::open(program.cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!cgroup) return system_failure("open " + program.cgroup);
    }
    SpawnRequest request;
    request.arguments = program.arguments;
    request.environment = program.environment;
    request.directory = "/";
    request.output = output->get();
    request.error = error->get();
    request.new_session = true;
    request.umask = usual_umask;
    request.descriptor_limit = program.descriptor_limit;
    request.cgroup = cgroup.get();
    request.sibling = true;
    return spawn(request).map([](const Child& child) { return child.id; });
}

Spawner::Outcome outcome_of(std::uint64_t number, const BackgroundProgram& program) {
    const auto id = start_program(program);
    if (!id) return {number, {}, id.error().message};
    if (program.pidfile.empty()) return {number, *id, {}};
    const auto written = write_pidfile(program.pidfile, id->pid);
    return {number, *id, written ? "" : written.error().message};
}

struct Copy {
    int socket;
    pid_t parent;
};

/// Ours are none of its business, and some, such as locks, must not outlive us.
void close_others(int kept) {
    const auto descriptor = static_cast<unsigned>(kept);
    if (descriptor > STDERR_FILENO + 1) ::close_range(STDERR_FILENO + 1, descriptor - 1, 0);
    ::close_range(descriptor + 1, std::numeric_limits<unsigned>::max(), 0);
}

/// Whoever made the copy had one thread, so all that it had is whole here.
int serve(void* argument) {
    const Copy& copy = *static_cast<const Copy*>(argument);
    ::prctl(PR_SET_NAME, "comard-spawner");
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != copy.parent) return 1;
    close_others(copy.socket);
    // Not filled: most of its pages are never touched.
    const auto bytes = std::make_unique_for_overwrite<char[]>(most_bytes);
    for (;;) {
        const ssize_t size = ::recv(copy.socket, bytes.get(), most_bytes, 0);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return 0;
        PackedReader reader(std::string_view(bytes.get(), static_cast<std::size_t>(size)));
        const std::uint64_t number = reader.number();
        const std::string answer = pack(outcome_of(number, unpack(reader)));
        if (::send(copy.socket, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return 1;
    }
}

}  // namespace

Result<Spawner> Spawner::create() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return system_failure("make sockets");
    }
    UniqueFd ours(ends[0]);
    const UniqueFd its(ends[1]);
    Copy copy{its.get(), ::getpid()};
    auto made = fork_into_cgroup(serve, &copy, -1);
    if (!made) return Failure(std::move(made.error()));
    const auto stat = read_stat(made->pid);
    return Spawner(ProcessId{made->pid, stat ? stat->id.start_time : 0}, std::move(ours));
}

Result<> Spawner::start(std::uint64_t number, const BackgroundProgram& program) {
    const std::string message = pack(number, program);
    if (message.size() > most_bytes) {
        return failure(ErrorKind::invalid, "cannot start it: its arguments are too long", E2BIG);
    }
    if (::send(socket_.get(), message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
        return {};
    }
    if (errno != EAGAIN) return system_failure("have it started");
    return failure(ErrorKind::busy, "cannot start it now: too many others are being started",
                   EAGAIN);
}

Result<std::optional<Spawner::Outcome>> Spawner::next() const {
    std::array<char, most_error_bytes + 256> bytes{};
    const ssize_t size = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size > 0) {
        return unpack_outcome(std::string_view(bytes.data(), static_cast<std::size_t>(size)));
    }
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
    return failure(ErrorKind::unavailable, "what starts programs is gone");
}

void Spawner::kill() const { signal_process(id_, SIGKILL); }

}  // namespace comar
