// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "core/result.h"
#include "os/process.h"

namespace comar {

// What /proc tells, proc(5). All of it is a claim about a moment that has passed, and argv and comm
// are what the process likes them to be. not_found means that there is no such process any more.
// `proc` is where the file system is mounted.

/// A file, whatever its name.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const FileIdentity&) const = default;
};

/// The program that a process runs.
struct Executable {
    FileIdentity identity;
    std::string path;  ///< as the kernel prints it; ends in " (deleted)" when the file is gone
};

struct ProcessStat {
    ProcessId id;
    pid_t parent = 0;
    pid_t group = 0;
    pid_t session = 0;
    bool has_terminal = false;         ///< a controlling one
    char state = '?';                  ///< R running, S sleeping, Z zombie, … proc(5)
    std::string comm;                  ///< at most 15 bytes, any of them
    std::chrono::microseconds cpu{0};  ///< user and system time, of exited threads too
};

struct ProcessUser {
    uid_t real = 0;
    uid_t effective = 0;
};

/// Of an error about a process: there is none, or none for us to see. With another one, such as a
/// want of descriptors, there may well be one.
[[nodiscard]] bool is_out_of_sight(const Error& error);

Result<ProcessStat> read_stat(pid_t pid, const std::string& proc = "/proc");

/// argv; empty for a kernel thread and a zombie. Only the first 64 KiB are read.
/// May block: the memory read is the other process's, and can be backed by a slow file. comard,
/// which never waits, does not call this.
Result<std::vector<std::string>> read_arguments(pid_t pid, const std::string& proc = "/proc");

/// not_found for a kernel thread too; denied without the right to look into that process.
Result<Executable> read_executable(pid_t pid, const std::string& proc = "/proc");

Result<ProcessUser> read_user(pid_t pid, const std::string& proc = "/proc");

/// The path of its cgroup v2, such as "/system/nginx", as seen from our cgroup namespace.
/// unavailable: no cgroup v2 is mounted.
Result<std::string> read_cgroup(pid_t pid, const std::string& proc = "/proc");

/// Memory that is its own or shared, and in RAM.
Result<std::uint64_t> resident_bytes(pid_t pid, const std::string& proc = "/proc");

/// Which login the process comes from, as the kernel's audit counts them (pam_loginuid(8)); none:
/// from no login, or nobody counts.
std::optional<std::uint32_t> login_of(pid_t pid, const std::string& proc = "/proc");

/// All processes that we may see, in no order.
Result<std::vector<pid_t>> list_pids(const std::string& proc = "/proc");

/// Its children, zombies among them. A process that forks or exits meanwhile can be missed; who
/// wants none left asks again until there is none.
Result<std::vector<ProcessId>> children(pid_t pid, const std::string& proc = "/proc");

/// Children, their children and so on, parents before children. As complete as children().
Result<std::vector<ProcessId>> descendants(pid_t pid, const std::string& proc = "/proc");

/// Whether `ancestor` is its parent, its parent's parent and so on. False, too, when one in between
/// has gone.
bool descends_from(pid_t pid, pid_t ancestor, const std::string& proc = "/proc");

/// The file that `path` names, symbolic links followed.
Result<FileIdentity> identify_file(const std::string& path);

/// True when the process runs the very file that `command` names. Hard to fake, unlike argv.
bool executes(const FileIdentity& executable, const std::string& command);

/// True when argv[0] is `command` (SPEC 2), or the executable is the very file that it names, which
/// finds programs that rewrite their argv. `executable` is null when it is not known.
bool matches_command(const std::vector<std::string>& arguments, const FileIdentity* executable,
                     const std::string& command);

}  // namespace comar
