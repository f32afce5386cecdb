// SPDX-License-Identifier: MIT
#include "daemon/machine.h"

#include <cstdint>

#include <spdlog/spdlog.h>

#include "os/cgroup.h"

namespace comar {
namespace {

std::string cgroup_name(const std::string& root) {
    if (root.empty()) return "comar";
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : root) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return fmt::format("comar-{:016x}", hash);
}

}  // namespace

std::string find_cgroup_parent(const std::string& root) {
    const auto own = own_cgroup_folder();
    if (!own) {
        spdlog::info("no cgroups: {}; processes are known by descent", own.error().message);
        return "";
    }
    const auto parent = Cgroup::create(*own, cgroup_name(root));
    if (!parent) {
        spdlog::info("no cgroups: {}; processes are known by descent", parent.error().message);
        return "";
    }
    return parent->path();
}

std::optional<rlimit> raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
    const rlimit before = limit;
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
    return before;
}

}  // namespace comar
