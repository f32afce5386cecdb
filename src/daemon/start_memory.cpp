// SPDX-License-Identifier: MIT
#include "daemon/start_memory.h"

#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "os/atomic_file.h"
#include "os/read_file.h"

namespace comar {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr int version = 1;
constexpr std::size_t most_bytes = std::size_t{8} << 20;
constexpr std::size_t most_services = 10'000;
constexpr std::size_t most_asked = 64;
/// A boot takes the times of many at once.
constexpr auto save_after = 2s;
constexpr mode_t file_mode = 0644;

}  // namespace

StartMemory::StartMemory(Loop& loop, std::string path)
    : loop_(loop), path_(std::move(path)), later_(loop, [this] { save_now(); }) {}

Result<> StartMemory::load() {
    const auto text = read_file(path_, most_bytes);
    if (!text) {
        return text.error().kind == ErrorKind::not_found ? Result<>() : Failure(text.error());
    }
    try {
        const json read = json::parse(*text);
        if (read.at("version") != version) return {};
        for (const auto& [app, one] : read.at("services").items()) {
            Known* const known_one = known(app);
            if (known_one == nullptr) break;
            known_one->time = std::chrono::milliseconds(one.at("ms").get<std::uint32_t>());
            for (const json& other : one.at("asked"))
                known_one->asked.insert(other.get<std::string>());
        }
        return {};
    } catch (const json::exception& wrong) {
        services_.clear();
        return failure(ErrorKind::invalid, "cannot use " + path_ + ": " + wrong.what());
    }
}

StartMemory::Known* StartMemory::known(const std::string& app) {
    const auto found = services_.find(app);
    if (found != services_.end()) return &found->second;
    return services_.size() < most_services ? &services_[app] : nullptr;
}

void StartMemory::took(const std::string& app, std::chrono::milliseconds time) {
    Known* const one = known(app);
    if (one == nullptr) return;
    const auto before = one->time;
    one->time = before == 0ms ? time : (before + time) / 2;
    if (one->time != before) changed();
}

void StartMemory::asked(const std::string& app, const std::string& other) {
    Known* const one = known(app);
    if (one != nullptr && one->asked.size() < most_asked && one->asked.insert(other).second) {
        changed();
        // A boot learns many, each of which would be written with all the others.
        if (loop_.now() >= saved_at_ + save_after) save_now();
    }
}

bool StartMemory::asked_only(const std::string& app, const std::set<std::string>& others) {
    const auto found = services_.find(app);
    if (found == services_.end()) return false;
    const bool is_new = std::erase_if(found->second.asked, [&](const std::string& other) {
                            return !others.contains(other);
                        }) > 0;
    if (is_new) changed();
    return is_new;
}

void StartMemory::forget(const std::string& app) {
    if (services_.erase(app) > 0) changed();
}

std::chrono::milliseconds StartMemory::expected(const std::string& app) const {
    const auto found = services_.find(app);
    return found == services_.end() ? 0ms : found->second.time;
}

const std::set<std::string>& StartMemory::asked_by(const std::string& app) const {
    static const std::set<std::string> nobody;
    const auto found = services_.find(app);
    return found == services_.end() ? nobody : found->second.asked;
}

void StartMemory::changed() {
    if (!unsaved_) later_.arm(save_after);
    unsaved_ = true;
}

void StartMemory::save_now() {
    if (auto saved = save(); !saved) spdlog::warn("{}", saved.error().message);
}

/// Not synced: after a power cut the one before is as good, and comard must not wait for a disk.
Result<> StartMemory::save() {
    if (!std::exchange(unsaved_, false)) return {};
    later_.disarm();
    saved_at_ = loop_.now();
    json services = json::object();
    for (const auto& [app, one] : services_) {
        services[app] = {{"ms", one.time.count()}, {"asked", one.asked}};
    }
    WithoutSync steps;
    return write_file_atomically(path_, json{{"version", version}, {"services", services}}.dump(),
                                 file_mode, steps);
}

}  // namespace comar
