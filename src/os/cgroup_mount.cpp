// SPDX-License-Identifier: MIT
#include "os/cgroup_mount.h"

#include <charconv>
#include <optional>
#include <sstream>
#include <string_view>

#include <fmt/format.h>

#include "os/read_file.h"

namespace comar {

namespace {

constexpr std::size_t cgroups_bytes = 64 * 1024;
constexpr std::size_t mounts_bytes = 4 * 1024 * 1024;

/// mountinfo writes blanks and the like as \040, proc(5).
std::string unescape(std::string_view text) {
    std::string plain;
    for (std::size_t at = 0; at < text.size(); ++at) {
        unsigned code = 0;
        const auto* const digits = text.data() + at + 1;
        const bool escaped = text[at] == '\\' && at + 3 < text.size() &&
                             std::from_chars(digits, digits + 3, code, 8).ptr == digits + 3;
        plain.push_back(escaped ? static_cast<char>(code) : text[at]);
        if (escaped) at += 3;
    }
    return plain;
}

/// "30 22 0:27 /root /point rw shared:1 - cgroup2 cgroup2 rw"; empty: another file system.
std::optional<CgroupMount> parse_mount(const std::string& line) {
    const auto dash = line.find(" - ");
    if (dash == std::string::npos || !line.substr(dash + 3).starts_with("cgroup2 "))
        return std::nullopt;
    std::istringstream fields(line.substr(0, dash));
    std::string number, parent, device, root, point;
    if (!(fields >> number >> parent >> device >> root >> point)) return std::nullopt;
    return CgroupMount{.root = unescape(root), .point = unescape(point)};
}

/// Where `cgroup` is to be found below the mount; empty: not there.
std::optional<std::string> folder_in(const CgroupMount& mount, const std::string& cgroup) {
    const auto root = mount.root == "/" ? "" : mount.root;
    if (!cgroup.starts_with(root)) return std::nullopt;
    const auto below = cgroup.substr(root.size());
    if (!below.empty() && below.front() != '/') return std::nullopt;
    // How a cgroup above our cgroup namespace is written, cgroup_namespaces(7).
    if ((below + "/").find("/../") != std::string::npos) return std::nullopt;
    if (below.empty() || below == "/") return mount.point;
    return mount.point + below;
}

/// What follows "0::" in /proc/PID/cgroup; empty: v2 is not in use.
std::optional<std::string> path_in_hierarchy(const std::string& proc, std::string_view process) {
    const auto text = read_file(fmt::format("{}/{}/cgroup", proc, process), cgroups_bytes);
    std::istringstream lines(text.value_or(""));
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("0::")) return line.substr(3);
    return std::nullopt;
}

Failure out_of_sight() {
    return failure(ErrorKind::unavailable, "cannot find a mounted cgroup v2 that we are in");
}

}  // namespace

Result<CgroupMount> CgroupMount::find(const std::string& proc) {
    const auto mounts = read_file(proc + "/self/mountinfo", mounts_bytes);
    if (!mounts) return Failure(mounts.error());
    const auto own = path_in_hierarchy(proc, "self");
    std::istringstream lines(*mounts);
    for (std::string line; own && std::getline(lines, line);)
        if (auto mount = parse_mount(line); mount && folder_in(*mount, *own)) return *mount;
    return out_of_sight();
}

std::string CgroupMount::folder_of(pid_t pid, const std::string& proc) const {
    const auto path = path_in_hierarchy(proc, std::to_string(pid));
    return path ? folder_in(*this, *path).value_or("") : "";
}

Result<std::string> own_cgroup_folder(const std::string& proc) {
    const auto mount = CgroupMount::find(proc);
    if (!mount) return Failure(mount.error());
    const auto own = path_in_hierarchy(proc, "self");
    auto folder = own ? folder_in(*mount, *own) : std::nullopt;
    if (!folder) return out_of_sight();
    return *folder;
}

}  // namespace comar
