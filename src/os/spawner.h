// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "core/result.h"
#include "os/process.h"
#include "os/unique_fd.h"

namespace comar {

/// A program to be left running in the background: in a session of its own, in /, with umask 022,
/// its stdin /dev/null, and no other open files than these.
struct BackgroundProgram {
    std::vector<std::string> arguments;        ///< as SpawnRequest has it
    std::vector<std::string> environment;      ///< "KEY=value" each
    std::string output;                        ///< path of a FIFO, opened for reading and writing
    std::string error;                         ///< the same for its stderr
    std::string cgroup;                        ///< folder of its cgroup; empty: in ours
    std::string pidfile;                       ///< written once it runs; empty: none
    std::optional<rlim_t> descriptor_limit{};  ///< soft RLIMIT_NOFILE; none: ours
};

/// Starts programs without waiting for any: a small copy of this process does it, made early, one
/// after the other, and each is a child of ours. An execve(2) that a hanging file system holds up
/// holds up that copy alone, and what a start costs does not grow with our memory and open files.
/// The copy ends with us.
class Spawner {
public:
    /// How one of them fared.
    struct Outcome {
        std::uint64_t number = 0;
        ProcessId id;       ///< pid 0: it does not run
        std::string error;  ///< why not, or why it has no pidfile; empty: all is well
    };

    static Result<Spawner> create();

    /// `number`: any; its outcome has it too. invalid: it has too many words; busy: there is no
    /// room for it before the outcomes of others have come; else the copy is gone.
    Result<> start(std::uint64_t number, const BackgroundProgram& program);

    /// Readable when there are outcomes, and at the end.
    [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }
    /// One that has come. None: not now. unavailable: the copy is gone, and will tell no more.
    Result<std::optional<Outcome>> next() const;

    /// The copy; a child of ours that has to be reaped.
    [[nodiscard]] const ProcessId& id() const noexcept { return id_; }
    /// Ends the copy. What it has not started yet it never will.
    void kill() const;

private:
    Spawner(ProcessId id, UniqueFd socket) : id_(id), socket_(std::move(socket)) {}

    ProcessId id_;
    UniqueFd socket_;
};

}  // namespace comar
