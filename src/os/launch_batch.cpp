// SPDX-License-Identifier: MIT
#include "os/launch_batch.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <sys/prctl.h>

#include <fcntl.h>
#include <unistd.h>

#include "os/clone.h"
#include "os/pipe.h"
#include "os/proc_scan.h"
#include "os/system_error.h"

namespace comar {
namespace {

constexpr std::size_t read_at_once = 64;

struct Work {
    const std::vector<SpawnRequest>& requests;
    int report;
    pid_t parent;
};

/// Runs in the copy. Whoever made it had one thread, so all that it had is whole here.
int start_all(void* argument) {
    const Work& work = *static_cast<const Work*>(argument);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != work.parent) return 1;
    for (std::uint32_t index = 0; index < work.requests.size(); ++index) {
        SpawnRequest request = work.requests[index];
        request.sibling = true;
        LaunchOutcome outcome;
        outcome.index = index;
        if (const auto child = spawn(request)) {
            outcome.is_started = 1;
            outcome.id = child->id;
        }
        // So little is written whole or not at all, pipe(7).
        if (::write(work.report, &outcome, sizeof outcome) < 0) return 1;
    }
    return 0;
}

}  // namespace

Result<LaunchBatch> LaunchBatch::start(const std::vector<SpawnRequest>& requests) {
    auto pipe = make_pipe();
    if (!pipe) return Failure(std::move(pipe.error()));
    const int end = pipe->read_end.get();
    if (::fcntl(end, F_SETFL, O_NONBLOCK) < 0) return system_failure("prepare a pipe");
    Work work{requests, pipe->write_end.get(), ::getpid()};
    auto made = fork_into_cgroup(start_all, &work, -1);
    if (!made) return Failure(std::move(made.error()));
    const auto stat = read_stat(made->pid);
    const ProcessId id{made->pid, stat ? stat->id.start_time : 0};
    return LaunchBatch(Child{id, std::move(made->pidfd)}, std::move(pipe->read_end));
}

std::vector<LaunchOutcome> LaunchBatch::read(bool& at_end) const {
    std::array<LaunchOutcome, read_at_once> piece;
    const ssize_t size = ::read(report_.get(), piece.data(), sizeof piece);
    at_end = size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
    if (size <= 0) return {};
    return {piece.begin(), piece.begin() + size / static_cast<ssize_t>(sizeof(LaunchOutcome))};
}

void LaunchBatch::kill() const { signal_process(copy_.id, SIGKILL); }

}  // namespace comar
