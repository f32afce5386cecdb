// SPDX-License-Identifier: MIT
#include "daemon/service_table.h"

#include <algorithm>
#include <filesystem>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "daemon/invoker.h"
#include "os/proc_scan.h"

namespace comar {
namespace {

namespace fs = std::filesystem;

/// `cgroup` is told from the root of the hierarchy, `folder` from that of the file system.
bool in_folder(const Result<std::string>& cgroup, const std::string& folder) {
    return cgroup && cgroup->size() > 1 && folder.ends_with(*cgroup);
}

/// Whose output that process writes, where it has kept it: "/run/comar/output/app.out".
std::string output_of(pid_t pid) {
    for (const char* fd : {"1", "2"}) {
        std::error_code error;
        const auto target = fs::read_symlink("/proc/" + std::to_string(pid) + "/fd/" + fd, error);
        if (!error && target.parent_path().filename() == "output") return target.stem().string();
    }
    return "";
}

}  // namespace

ServiceTable::ServiceTable(Service::Context context, const Registry& registry)
    : context_(std::move(context)), registry_(registry), remover_(context_.loop) {
    context_.orphans = [this](std::uint64_t since, const std::string& app) {
        return orphans(since, app);
    };
    context_.taken = [this](const ProcessId& process, const std::string& app, bool sibling) {
        return is_taken(process, app, sibling);
    };
    context_.reaps = [this](pid_t pid) { return reaps_ && reaps_(pid); };
}

Service* ServiceTable::find(const std::string& app) {
    if (registry_.find(service_model, app) == nullptr) return nullptr;
    auto& service = services_[app];
    if (!service) {
        service = std::make_unique<Service>(context_, app);
        remover_.keep(context_.cgroup_parent + "/" + app);
    }
    return service.get();
}

const Service* ServiceTable::owner_of(const ProcessId& process) const {
    const auto found = std::find_if(services_.begin(), services_.end(), [&](const auto& item) {
        return item.second->processes().has(process);
    });
    return found == services_.end() ? nullptr : found->second.get();
}

void ServiceTable::restore() {
    auto states = context_.journal.load();
    if (!states) {
        spdlog::warn("{}, finding processes by cgroup", states.error().message);
        states = StateJournal::States();
    }
    for (const std::string& app : registry_.apps_of(service_model)) {
        const auto state = states->find(app);
        restore_one(app, state == states->end() ? nullptr : &state->second);
        if (state != states->end()) states->erase(state);
    }
    // Their scripts were taken away while nobody looked.
    for (const auto& [app, state] : *states) (void)context_.journal.remove(app);
}

void ServiceTable::restore_one(const std::string& app, const nlohmann::json* state) {
    if (state != nullptr) {
        try {
            return find(app)->restore(*state);
        } catch (const nlohmann::json::exception& wrong) {
            spdlog::warn("cannot use the saved state of {}: {}, finding its processes by cgroup",
                         app, wrong.what());
        }
    }
    std::error_code error;
    const bool has_cgroup = !context_.cgroup_parent.empty() &&
                            fs::is_directory(context_.cgroup_parent + "/" + app, error);
    if (has_cgroup) find(app)->rebuild(context_.cgroup_parent);
}

void ServiceTable::forget(const std::string& app) {
    const auto found = services_.find(app);
    if (found == services_.end()) return;
    if (const auto cgroup = found->second->forget()) remover_.remove_when_empty(*cgroup);
    // It may be asked for the last time further up in this very call.
    context_.loop.defer([gone = std::shared_ptr<Service>(std::move(found->second))] {});
    services_.erase(found);
}

/// Of comard's own are the script host and all workers: who moved one would move what it starts.
bool ServiceTable::is_taken(const ProcessId& process, const std::string& app, bool sibling) const {
    const auto own = own_children_ ? own_children_() : std::vector<ProcessId>{};
    if (std::find(own.begin(), own.end(), process) != own.end()) return true;
    // Looked up once: most services have a cgroup, and asking each what it holds takes long.
    const auto cgroup = sibling ? Result<std::string>("") : read_cgroup(process.pid);
    return std::any_of(services_.begin(), services_.end(), [&](const auto& item) {
        const ServiceProcesses& processes = item.second->processes();
        if (item.first == app) return false;
        if (processes.has_adopted(process)) return true;
        if (sibling) return false;
        const std::string folder = processes.cgroup_path();
        return folder.empty() ? processes.has(process) : in_folder(cgroup, folder);
    });
}

/// Children of comard that nobody has claimed, and that may be of `app`. One that ends while we
/// look leaves its own to comard after we have listed those: then we look again.
Result<std::vector<ProcessId>> ServiceTable::orphans(std::uint64_t since,
                                                     const std::string& app) const {
    // A service that forks without end must not keep us here.
    constexpr std::size_t enough = 64;
    std::set<pid_t> ended;
    for (;;) {
        const std::size_t known = ended.size();
        auto found = living_orphans(since, app, ended);
        if (!found || ended.size() == known || ended.size() > enough) return found;
    }
}

Result<std::vector<ProcessId>> ServiceTable::living_orphans(std::uint64_t since,
                                                            const std::string& app,
                                                            std::set<pid_t>& ended) const {
    const auto all = children(::getpid());
    if (!all) return Failure(all.error());
    const auto own = own_children_ ? own_children_() : std::vector<ProcessId>{};
    std::vector<ProcessId> found;
    for (const ProcessId& id : *all) {
        if (id.start_time < since || std::find(own.begin(), own.end(), id) != own.end()) continue;
        const auto stat = read_stat(id.pid);
        // For want of descriptors nobody can tell.
        if (!stat && !is_out_of_sight(stat.error())) return Failure(stat.error());
        if (!stat || stat->state == 'Z') {
            ended.insert(id.pid);
        } else if (may_be_of(app, id)) {
            found.push_back(id);
        }
    }
    return found;
}

bool ServiceTable::may_be_of(const std::string& app, const ProcessId& child) const {
    const std::string writes_for = output_of(child.pid);
    if (writes_for != app && services_.contains(writes_for)) return false;
    return std::none_of(services_.begin(), services_.end(), [&](const auto& item) {
        return item.second->processes().has_adopted(child);
    });
}

void ServiceTable::miss_exits() {
    for (const auto& [app, service] : services_) service->miss_exits();
}

void ServiceTable::shut_down() {
    for (auto& [app, service] : services_) {
        service->save();
        if (!service->processes().alive()) service->release();
    }
    remover_.finish();
    if (!context_.cgroup_parent.empty()) (void)::rmdir(context_.cgroup_parent.c_str());
}

}  // namespace comar
