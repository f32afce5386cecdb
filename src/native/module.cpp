// SPDX-License-Identifier: MIT
//
// comar._native: src/os for the Service API. Only wiring; what a function does is told in src/os,
// and for Python in python/comar/_native.pyi.
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "native/errors.h"
#include "native/text.h"
#include "native/waiting.h"
#include "os/cgroup.h"
#include "os/pidfile.h"
#include "os/pipe.h"
#include "os/proc_scan.h"
#include "os/process.h"
#include "os/reap.h"
#include "os/spawn.h"
#include "os/users.h"

namespace py = pybind11;
using namespace py::literals;

namespace comar::native {

namespace {

using IdPair = std::pair<pid_t, std::uint64_t>;

std::vector<std::string> bytes_of(const std::vector<Text>& texts) {
    std::vector<std::string> all;
    all.reserve(texts.size());
    for (const auto& text : texts) all.push_back(text.bytes);
    return all;
}

std::vector<Text> texts_of(std::vector<std::string> all) {
    std::vector<Text> texts;
    texts.reserve(all.size());
    for (auto& bytes : all) texts.push_back({std::move(bytes)});
    return texts;
}

std::vector<IdPair> pairs_of(const std::vector<ProcessId>& ids) {
    std::vector<IdPair> pairs;
    pairs.reserve(ids.size());
    for (const auto& id : ids) pairs.emplace_back(id.pid, id.start_time);
    return pairs;
}

/// As subprocess has it: the code, or the negative number of the signal.
int exit_code_of(const ExitStatus& status) {
    return status.signal != 0 ? -status.signal : status.code;
}

// --- starting -----------------------------------------------------------------------------------

std::string variable_of(const py::handle& item) {
    const auto [key, value] = item.cast<std::pair<Text, Text>>();
    if (key.bytes.empty() || key.bytes.find('=') != std::string::npos)
        throw py::value_error("not the name of an environment variable: '" + key.bytes + "'");
    return key.bytes + "=" + value.bytes;
}

std::optional<std::vector<std::string>> variables_of(const py::object& environment) {
    if (environment.is_none()) return std::nullopt;
    std::vector<std::string> variables;
    for (const auto& item : environment.attr("items")()) variables.push_back(variable_of(item));
    return variables;
}

std::optional<std::string> bytes_of(const std::optional<Text>& text) {
    if (!text) return std::nullopt;
    return text->bytes;
}

/// `groups` on top of those of the user; without a user they are ours already.
std::optional<Credentials> credentials_of(const std::optional<std::string>& user,
                                          const std::vector<gid_t>& groups) {
    if (!user) return std::nullopt;
    auto credentials = value_or_raise(find_credentials(*user));
    for (const gid_t group : groups) {
        const auto& known = credentials.groups;
        if (std::find(known.begin(), known.end(), group) == known.end()) {
            credentials.groups.push_back(group);
        }
    }
    return credentials;
}

std::tuple<pid_t, std::uint64_t, int> start(
    const std::vector<Text>& arguments, const py::object& environment,
    const std::optional<std::string>& user, std::optional<int> nice, bool new_session,
    std::optional<mode_t> umask, const std::optional<Text>& directory, int input, int output,
    int error, std::optional<int> parent_death_signal, int cgroup, bool sibling,
    const std::vector<gid_t>& groups, const std::vector<std::pair<int, int>>& descriptors) {
    auto child = value_or_raise(spawn({.arguments = bytes_of(arguments),
                                       .environment = variables_of(environment),
                                       .directory = bytes_of(directory),
                                       .input = input,
                                       .output = output,
                                       .error = error,
                                       .descriptors = descriptors,
                                       .new_session = new_session,
                                       .umask = umask,
                                       .descriptor_limit = {},
                                       .nice = nice,
                                       .credentials = credentials_of(user, groups),
                                       .cgroup = cgroup,
                                       .sibling = sibling,
                                       .parent_death_signal = parent_death_signal}));
    return {child.id.pid, child.id.start_time, child.pidfd.release()};
}

void define_spawn(py::module_& module) {
    module.def(
        "spawn", &start, "arguments"_a, py::kw_only(), "environment"_a = py::none(),
        "user"_a = py::none(), "nice"_a = py::none(), "new_session"_a = false,
        "umask"_a = py::none(), "directory"_a = py::none(), "stdin"_a = -1, "stdout"_a = -1,
        "stderr"_a = -1, "parent_death_signal"_a = py::none(), "cgroup"_a = -1, "sibling"_a = false,
        "groups"_a = std::vector<gid_t>(), "descriptors"_a = std::vector<std::pair<int, int>>(),
        "Starts a program and returns (pid, start_time, pidfd).\n\n"
        "When this returns, the program runs; otherwise there is no child and OSError tells\n"
        "the step that failed. A name without a slash is searched for along PATH of the\n"
        "child's environment. `user` is \"user\" or \"user:group\", with that user's\n"
        "supplementary groups; `nice` is added to the niceness. stdin -1 is /dev/null; stdout\n"
        "and stderr -1 are our own. All other fds are closed in the child, no signal is\n"
        "blocked or ignored there. `groups` are more supplementary ones for `user`; `descriptors`\n"
        "are pairs of an fd of ours and the number, 3 or above, that it has there. `cgroup` is the "
        "open folder of one to be in. A `sibling` is a\n"
        "child of our parent, which reaps it, where the system allows that. The caller owns the "
        "pidfd and must reap the child:\n"
        "`wait_exit` or `reap_children`.");
}

// --- one process --------------------------------------------------------------------------------

/// Reads something about a process that we hold. As long as it has not exited, its number was its
/// own while we read; once it has, what we read can be another's.
template <class T, class Read>
Result<T> read_pinned(const Process& process, Read read) {
    Result<T> result = read(process.id().pid);
    if (value_or_raise(process.wait_gone(std::chrono::milliseconds(0))))
        raise({.kind = ErrorKind::not_found,
               .message =
                   "cannot examine process " + std::to_string(process.id().pid) + ": it is gone",
               .os_error = ESRCH});
    return result;
}

ProcessStat stat_of(const Process& process) {
    return value_or_raise(
        read_pinned<ProcessStat>(process, [](pid_t pid) { return read_stat(pid); }));
}

std::vector<std::string> arguments_of(const Process& process) {
    return value_or_raise(read_pinned<std::vector<std::string>>(
        process, [](pid_t pid) { return read_arguments(pid); }));
}

/// Empty: a kernel thread, or one that we may not look into.
std::optional<Executable> executable_of(const Process& process) {
    auto found = read_pinned<Executable>(process, [](pid_t pid) { return read_executable(pid); });
    if (!found) return std::nullopt;
    return std::move(*found);
}

std::optional<Text> executable_path_of(const Process& process) {
    auto executable = executable_of(process);
    if (!executable) return std::nullopt;
    return Text{std::move(executable->path)};
}

bool process_executes(const Process& process, const Text& command) {
    const auto executable = executable_of(process);
    return executable && executes(executable->identity, command.bytes);
}

bool process_matches(const Process& process, const Text& command) {
    const auto executable = executable_of(process);
    return matches_command(arguments_of(process), executable ? &executable->identity : nullptr,
                           command.bytes);
}

uid_t uid_of(const Process& process) {
    return value_or_raise(
               read_pinned<ProcessUser>(process, [](pid_t pid) { return read_user(pid); }))
        .effective;
}

std::optional<Text> cgroup_of(const Process& process) {
    auto path = read_pinned<std::string>(process, [](pid_t pid) { return read_cgroup(pid); });
    if (!path && path.error().kind == ErrorKind::unavailable) return std::nullopt;
    return Text{value_or_raise(std::move(path))};
}

Process open_process(pid_t pid, std::optional<std::uint64_t> start_time) {
    if (!start_time) return value_or_raise(Process::open_pid(pid));
    return value_or_raise(Process::open({.pid = pid, .start_time = *start_time}));
}

std::string describe_process(const Process& process) {
    return "<comar._native.Process " + std::to_string(process.id().pid) + ">";
}

void define_process(py::module_& module) {
    py::class_<Process>(module, "Process",
                        "One process, pinned by a pidfd: signals reach it or nobody. Closed when "
                        "it is collected.\n\n"
                        "What asks about a process that has exited raises ProcessLookupError.")
        .def_property_readonly(
            "pid", [](const Process& process) { return process.id().pid; }, "Its number.")
        .def_property_readonly(
            "start_time", [](const Process& process) { return process.id().start_time; },
            "Clock ticks since boot.")
        .def("fileno", &Process::pidfd,
             "The pidfd: readable once the process has exited. It stays ours.")
        .def(
            "signal",
            [](const Process& process, int signo) { value_or_raise(process.signal(signo)); },
            "signo"_a, "Sends a signal. Already exited is success.")
        .def(
            "wait_gone",
            [](const Process& process, std::optional<double> seconds) {
                return wait_for_exit(process.pidfd(), seconds);
            },
            "seconds"_a = py::none(),
            "Waits until the process has exited; False: it still runs after `seconds`.")
        .def(
            "arguments", [](const Process& process) { return texts_of(arguments_of(process)); },
            "Its argv, at most 64 KiB of it. Whatever the process likes it to be.")
        .def("matches", &process_matches, "command"_a,
             "True when argv[0] is `command`, or the executable is the very file that it names.")
        .def("executes", &process_executes, "command"_a,
             "True when the executable is the very file that `command` names, whatever argv says.")
        .def("executable", &executable_path_of,
             "The path of the program; None for a kernel thread, or without the right to look.")
        .def(
            "comm", [](const Process& process) { return Text{stat_of(process).comm}; },
            "Its short name, at most 15 bytes. Whatever the process likes it to be.")
        .def("uid", &uid_of, "Its effective user.")
        .def("cgroup", &cgroup_of, "The path of its cgroup v2; None where none is mounted.")
        .def(
            "parent", [](const Process& process) { return stat_of(process).parent; },
            "The pid of its parent.")
        .def(
            "state", [](const Process& process) { return std::string(1, stat_of(process).state); },
            "One letter: R running, S sleeping and so on, proc(5).")
        .def("__repr__", &describe_process);
    module.def("open_process", &open_process, "pid"_a, "start_time"_a = py::none(),
               "Pins the process with that pid; with `start_time` only if it is still the same.\n\n"
               "ProcessLookupError: there is none, it is another one, or it has exited and waits\n"
               "to be reaped.");
}

// --- many processes -----------------------------------------------------------------------------

void define_scan(py::module_& module) {
    module.def(
        "list_pids", [] { return value_or_raise(list_pids()); }, "All processes that we may see.");
    module.def(
        "children", [](pid_t pid) { return pairs_of(value_or_raise(children(pid))); }, "pid"_a,
        "(pid, start_time) of each child, zombies among them.");
    module.def(
        "descendants", [](pid_t pid) { return pairs_of(value_or_raise(descendants(pid))); },
        "pid"_a,
        "(pid, start_time) of each child, their children and so on, parents before children.");
    module.def(
        "cgroup_processes",
        [](Text folder) {
            return value_or_raise(
                value_or_raise(Cgroup::open(std::move(folder.bytes))).processes());
        },
        "folder"_a, "The live processes in the cgroup with that folder and in those below it.");
    module.def(
        "join_cgroup",
        [](Text folder) {
            value_or_raise(value_or_raise(Cgroup::open(std::move(folder.bytes))).add(0));
        },
        "folder"_a, "Moves this process to the cgroup with that folder.");
}

// --- pidfiles and users -------------------------------------------------------------------------

std::optional<std::tuple<pid_t, bool, std::int64_t>> pidfile_claim(const Text& path) {
    const auto claim = read_pidfile(path.bytes);
    if (claim) return std::tuple(claim->pid, claim->trusted, claim->modified.count());
    const auto kind = claim.error().kind;
    if (kind == ErrorKind::not_found || kind == ErrorKind::invalid) return std::nullopt;
    raise(claim.error());
}

void define_claims(py::module_& module) {
    module.def("read_pidfile", &pidfile_claim, "path"_a,
               "(pid, trusted, modified_ns) of a pidfile; None when there is none or it names no\n"
               "number.\n\n"
               "Trusted: only root and the user we run as can have written it and put it there. A\n"
               "symbolic link raises OSError (ELOOP).");
    module.def(
        "write_pidfile",
        [](const Text& path, pid_t pid) { value_or_raise(write_pidfile(path.bytes, pid)); },
        "path"_a, "pid"_a,
        "Replaces the pidfile atomically; never follows a symbolic link at the end of `path`.");
    module.def(
        "find_uid", [](const std::string& user) { return value_or_raise(find_uid(user)); },
        "user"_a, "The uid of a user, by name or number. OSError (ENOENT) when there is none.");
}

// --- children -----------------------------------------------------------------------------------

std::optional<int> wait_exit(int pidfd, std::optional<double> seconds) {
    if (!wait_for_exit(pidfd, seconds)) return std::nullopt;
    const auto status = value_or_raise(reap(pidfd));
    if (!status) return std::nullopt;
    return exit_code_of(*status);
}

std::vector<std::pair<pid_t, int>> reap_all() {
    std::vector<std::pair<pid_t, int>> reaped;
    for (const auto& child : reap_children())
        reaped.emplace_back(child.pid, exit_code_of(child.status));
    return reaped;
}

void define_children(py::module_& module) {
    module.def("wait_exit", &wait_exit, "pidfd"_a, "seconds"_a = py::none(),
               "Waits for our child behind `pidfd` and reaps it. Negative: the signal that ended\n"
               "it.\n\n"
               "None: it still runs after `seconds`. ChildProcessError: not our child, or reaped\n"
               "before.");
    module.def(
        "reap_children", &reap_all,
        "Reaps all children that have exited, never waits: (pid, exit code as of wait_exit)\n"
        "each.");
    module.def(
        "become_subreaper", [] { value_or_raise(become_subreaper()); },
        "From now on orphans below this process become its children.");
    module.def(
        "set_parent_death_signal",
        [](int signo) { value_or_raise(set_parent_death_signal(signo)); }, "signo"_a,
        "`signo` is sent to this process when its parent ends; compare os.getppid() afterwards.");
    module.def(
        "reopen_read_write", [](int fd) { return value_or_raise(reopen_read_write(fd)).release(); },
        "fd"_a,
        "Opens the pipe or FIFO behind `fd` once more, for reading and writing; returns the new\n"
        "fd.\n\n"
        "Whoever has that as stdout never gets SIGPIPE.");
}

}  // namespace

}  // namespace comar::native

PYBIND11_MODULE(_native, module) {
    module.doc() =
        "What the Service API needs from the kernel: starting, finding and signalling "
        "processes.";
    comar::native::define_spawn(module);
    comar::native::define_process(module);
    comar::native::define_scan(module);
    comar::native::define_claims(module);
    comar::native::define_children(module);
}
