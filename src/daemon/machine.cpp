// SPDX-License-Identifier: MIT
#include "daemon/machine.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include "core/digest.h"
#include "daemon/invoker.h"
#include "os/cgroup.h"

namespace comar {
namespace {

std::string cgroup_name(const std::string& root) {
    if (root.empty()) return "comar";
    return fmt::format("comar-{:016x}", digest(root));
}

/// Of a cgroup below that of one of our services: the one that all of them are in; else itself.
std::string outside_of_services(const std::string& own, const std::string& name,
                                const std::string& scripts) {
    const std::string inside = "/" + name + "/";
    const auto at = own.find(inside);
    if (at == std::string::npos) return own;
    const auto begin = at + inside.size();
    const std::string app = own.substr(begin, own.find('/', begin) - begin);
    const std::string script = scripts + "/" + service_model + "/" + app + ".py";
    return ::access(script.c_str(), F_OK) == 0 ? own.substr(0, at) : own;
}

/// The cgroup to stay in.
Result<std::string> settle(const Paths& paths, const std::string& name) {
    auto own = own_cgroup_folder();
    if (!own) return own;
    std::string folder = outside_of_services(*own, name, paths.scripts);
    if (folder == *own) return own;
    const auto moved =
        Cgroup::open(folder).and_then([](const Cgroup& cgroup) { return cgroup.add(0); });
    if (!moved) return Failure(moved.error());
    spdlog::info("leaving {}, the cgroup of a service that has started comard", *own);
    return folder;
}

}  // namespace

std::string find_cgroup_parent(const Paths& paths) {
    const std::string name = cgroup_name(paths.root);
    const auto own = settle(paths, name);
    if (!own) {
        spdlog::info("no cgroups: {}; processes are known by descent", own.error().message);
        return "";
    }
    const auto parent = Cgroup::create(*own, name);
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
