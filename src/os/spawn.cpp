// SPDX-License-Identifier: MIT
#include "os/spawn.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string_view>

#include <sys/wait.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "os/clone.h"
#include "os/pipe.h"
#include "os/proc_scan.h"
#include "os/spawn_child.h"
#include "os/system_error.h"

namespace comar {

namespace {

constexpr int first_not_standard = 3;
constexpr std::string_view path_variable = "PATH=";
constexpr std::string_view path_when_unset = "/bin:/usr/bin";  // as execvp(3)

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

bool any_has_nul(const std::vector<std::string>& texts) {
    return std::any_of(texts.begin(), texts.end(), has_nul);
}

Failure refused(std::string_view why) {
    return failure(ErrorKind::invalid, fmt::format("cannot use the request: {}", why), EINVAL);
}

Result<> check_descriptors(const std::vector<std::pair<int, int>>& descriptors) {
    std::vector<int> targets;
    for (const auto& [source, target] : descriptors) {
        if (source < 0 || target < first_not_standard) return refused("a bad descriptor number");
        targets.push_back(target);
    }
    std::sort(targets.begin(), targets.end());
    if (std::adjacent_find(targets.begin(), targets.end()) != targets.end())
        return refused("two descriptors with one number");
    return {};
}

Result<> check(const SpawnRequest& request) {
    if (request.arguments.empty() || request.arguments.front().empty())
        return refused("no program is named");
    if (any_has_nul(request.arguments) ||
        any_has_nul(request.environment.value_or(std::vector<std::string>())) ||
        has_nul(request.directory.value_or("")))
        return refused("a text in it has a zero byte");
    // To setuid(2) and the like the largest number means "no change".
    if (request.credentials && (request.credentials->uid == std::numeric_limits<uid_t>::max() ||
                                request.credentials->gid == std::numeric_limits<gid_t>::max()))
        return refused("not the number of a user or group");
    return check_descriptors(request.descriptors);
}

/// As an ordinary user we may not set groups, and being who we are needs no change.
bool is_who_we_are(const Credentials& credentials) {
    return ::geteuid() != 0 && credentials.uid == ::getuid() && credentials.uid == ::geteuid() &&
           credentials.gid == ::getgid() && credentials.gid == ::getegid();
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    // execve(2) takes char* for reasons of history, and does not write there.
    for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

std::string path_of(const SpawnRequest& request) {
    if (!request.environment) {
        const char* const ours = std::getenv("PATH");
        return ours != nullptr ? ours : std::string(path_when_unset);
    }
    for (const auto& variable : *request.environment)
        if (variable.starts_with(path_variable)) return variable.substr(path_variable.size());
    return std::string(path_when_unset);
}

/// The files that a name can mean, best first.
std::vector<std::string> programs_for(const SpawnRequest& request) {
    const auto& name = request.arguments.front();
    if (name.find('/') != std::string::npos) return {name};
    std::vector<std::string> programs;
    const auto path = path_of(request);
    for (std::size_t begin = 0; begin <= path.size();) {
        const auto end = std::min(path.find(':', begin), path.size());
        const auto folder = path.substr(begin, end - begin);
        programs.push_back((folder.empty() ? "." : folder) + "/" + name);
        begin = end + 1;
    }
    return programs;
}

/// Owns all that a ChildPlan points to.
class Preparation {
public:
    explicit Preparation(const SpawnRequest& request);

    Result<> open_null();
    ChildPlan& plan(int report_fd);

private:
    void take_descriptors();
    void take_credentials();

    const SpawnRequest& request_;
    std::vector<std::string> programs_;
    std::vector<char*> program_pointers_;
    std::vector<char*> arguments_;
    std::vector<char*> environment_;
    std::vector<DescriptorMove> moves_;
    UniqueFd null_;
    ChildPlan plan_;
};

Preparation::Preparation(const SpawnRequest& request)
    : request_(request),
      programs_(programs_for(request)),
      program_pointers_(pointers_to(programs_)),
      arguments_(pointers_to(request.arguments)) {
    if (request.environment) environment_ = pointers_to(*request.environment);
}

Result<> Preparation::open_null() {
    if (request_.input >= 0) return {};
    null_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null_) return system_failure("open /dev/null");
    return {};
}

void Preparation::take_descriptors() {
    moves_ = {{.source = null_ ? null_.get() : request_.input, .target = STDIN_FILENO}};
    if (request_.output >= 0)
        moves_.push_back({.source = request_.output, .target = STDOUT_FILENO});
    if (request_.error >= 0) moves_.push_back({.source = request_.error, .target = STDERR_FILENO});
    for (const auto& [source, target] : request_.descriptors) {
        moves_.push_back({.source = source, .target = target});
        plan_.above_targets = std::max(plan_.above_targets, target + 1);
    }
    plan_.moves = moves_.data();
    plan_.move_count = moves_.size();
}

void Preparation::take_credentials() {
    if (!request_.credentials || is_who_we_are(*request_.credentials)) return;
    plan_.change_credentials = true;
    plan_.uid = request_.credentials->uid;
    plan_.gid = request_.credentials->gid;
    plan_.groups = request_.credentials->groups.data();
    plan_.group_count = request_.credentials->groups.size();
}

ChildPlan& Preparation::plan(int report_fd) {
    take_descriptors();
    take_credentials();
    plan_.programs = program_pointers_.data();
    plan_.arguments = arguments_.data();
    plan_.environment = request_.environment ? environment_.data() : ::environ;
    plan_.directory = request_.directory ? request_.directory->c_str() : nullptr;
    plan_.report = report_fd;
    plan_.cgroup = request_.cgroup;
    plan_.new_session = request_.new_session;
    plan_.nice = request_.nice.value_or(0);
    plan_.change_limit = request_.descriptor_limit.has_value();
    plan_.descriptor_limit = request_.descriptor_limit.value_or(0);
    plan_.change_umask = request_.umask.has_value();
    plan_.umask = request_.umask.value_or(0);
    plan_.parent_death_signal = request_.parent_death_signal.value_or(0);
    plan_.parent = request_.sibling ? ::getppid() : ::getpid();
    return plan_;
}

/// Empty: the pipe was closed by a successful execve(2).
std::optional<SpawnReport> read_report(int fd) {
    SpawnReport report;
    ssize_t got = 0;
    do got = ::read(fd, &report, sizeof report);
    while (got < 0 && errno == EINTR);
    if (got != static_cast<ssize_t>(sizeof report)) return std::nullopt;
    return report;
}

/// A sibling is for our parent to reap; waitpid(2) fails for it.
void reap_failed(pid_t pid) {
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

/// A script whose interpreter is missing looks as if it were missing itself.
Failure not_executed(const std::string& program, int os_error) {
    const bool there =
        program.find('/') != std::string::npos && ::access(program.c_str(), F_OK) == 0;
    if (os_error != ENOENT || !there)
        return failure(kind_of(os_error), describe(os_error), os_error);
    return failure(ErrorKind::not_found, "the interpreter that it names does not exist", os_error);
}

Failure explain(const SpawnReport& report, const SpawnRequest& request) {
    const auto uid = request.credentials ? request.credentials->uid : 0;
    const auto gid = request.credentials ? request.credentials->gid : 0;
    switch (report.stage) {
        case SpawnStage::cgroup:
            return system_failure("move to its cgroup", report.os_error);
        case SpawnStage::session:
            return system_failure("start a session", report.os_error);
        case SpawnStage::niceness:
            return system_failure(fmt::format("add {} to the niceness", request.nice.value_or(0)),
                                  report.os_error);
        case SpawnStage::descriptors:
            return system_failure("pass on the open files", report.os_error);
        case SpawnStage::groups:
            return system_failure(fmt::format("set the supplementary groups of user {}", uid),
                                  report.os_error);
        case SpawnStage::group:
            return system_failure(fmt::format("set group {}", gid), report.os_error);
        case SpawnStage::user:
            return system_failure(fmt::format("set user {}", uid), report.os_error);
        case SpawnStage::directory:
            return system_failure("enter " + request.directory.value_or(""), report.os_error);
        case SpawnStage::parent_death_signal:
            return system_failure("tie it to its parent", report.os_error);
        case SpawnStage::execute:
            break;
    }
    return not_executed(request.arguments.front(), report.os_error);
}

Child child_of(NewProcess made) {
    // Unreaped, so the number is still its own.
    const auto stat = read_stat(made.pid);
    return Child{.id = {.pid = made.pid, .start_time = stat ? stat->id.start_time : 0},
                 .pidfd = std::move(made.pidfd)};
}

/// Born in its cgroup where the system can do that, or else it moves there.
Result<NewProcess> make_child(ChildPlan& plan, const SpawnRequest& request) {
    const Kinship kinship = request.sibling ? Kinship::sibling : Kinship::child;
    if (request.cgroup >= 0) {
        plan.cgroup = -1;
        if (auto made = clone_into_cgroup(run_child, &plan, kinship, request.cgroup)) return made;
        plan.cgroup = request.cgroup;
    }
    return clone_process(run_child, &plan, kinship);
}

Result<Child> start(const SpawnRequest& request) {
    if (auto fine = check(request); !fine) return Failure(std::move(fine.error()));
    Preparation preparation(request);
    if (auto opened = preparation.open_null(); !opened) return Failure(std::move(opened.error()));
    auto report_pipe = make_pipe();
    if (!report_pipe) return Failure(std::move(report_pipe.error()));
    auto made = make_child(preparation.plan(report_pipe->write_end.get()), request);
    if (!made) return Failure(std::move(made.error()));
    report_pipe->write_end.reset();
    const auto report = read_report(report_pipe->read_end.get());
    if (!report) return child_of(std::move(*made));
    reap_failed(made->pid);
    return explain(*report, request);
}

}  // namespace

Result<Child> spawn(const SpawnRequest& request) {
    auto child = start(request);
    if (child) return child;
    const auto name = request.arguments.empty() ? "a program" : request.arguments.front();
    return Failure(std::move(child.error()).while_trying("start " + name));
}

}  // namespace comar
