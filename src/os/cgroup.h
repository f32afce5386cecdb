// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "core/result.h"
#include "os/cgroup_mount.h"
#include "os/process.h"
#include "os/unique_fd.h"

namespace comar {

/// One cgroup v2: the folder, and what its files tell, cgroups(7). Holds no fd and owns nothing:
/// the cgroup stays until remove(). not_found: somebody removed it.
class Cgroup {
public:
    /// Makes the cgroup `name` in the folder `parent`, or takes the one that is there. A name that
    /// is empty, "." or "..", or holds a slash is invalid.
    static Result<Cgroup> create(const std::string& parent, std::string_view name);
    /// One that exists.
    static Result<Cgroup> open(std::string folder);

    /// Its folder.
    [[nodiscard]] const std::string& path() const noexcept { return folder_; }

    /// Moves a process here; 0: the caller.
    Result<> add(pid_t pid) const;

    /// The live processes here and in all cgroups below.
    Result<std::vector<pid_t>> processes() const;
    Result<bool> contains(pid_t pid) const;

    /// Whether there is a live process here or below. Zombies do not count.
    Result<bool> populated() const;
    /// An fd to poll for EPOLLPRI: it wakes when populated() may have changed since is_populated()
    /// last read that fd (or since this call).
    Result<UniqueFd> watch() const;

    /// Sends SIGKILL to all processes here and below, whatever they fork meanwhile; does not wait
    /// until they are gone. Success when the cgroup is.
    Result<> kill() const;
    /// Removes it with all below. busy: there are processes still. Success when it was gone before.
    Result<> remove() const;

    /// CPU time since it was made, of all that ever ran here.
    Result<std::chrono::microseconds> cpu_time() const;
    /// unavailable: the memory controller is not on here.
    Result<std::uint64_t> memory_bytes() const;

private:
    explicit Cgroup(std::string folder) : folder_(std::move(folder)) {}

    std::string folder_;
};

/// Reads `populated` from an fd of Cgroup::watch(), and arms it for the next change.
Result<bool> is_populated(int watch_fd);

}  // namespace comar
