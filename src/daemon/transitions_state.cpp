// SPDX-License-Identifier: MIT
// What of a boot, a switch or a shutdown outlives comard.
#include <set>
#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "daemon/transitions.h"
#include "os/atomic_file.h"
#include "os/read_file.h"

namespace comar {
namespace {

using nlohmann::json;

constexpr std::size_t largest_state = std::size_t{4} << 20;
constexpr mode_t state_mode = 0644;

}  // namespace

void Transitions::tell() const {
    save();
    parts_.progress();
}

void Transitions::save(bool is_ended) const {
    json state{{"group", group_}, {"is_down", is_down_}, {"is_ended", is_ended}};
    if (record_) {
        json finished = json::array();
        for (const auto& [app, one] : record_->services) {
            if (one.fate == "succeeded") finished.push_back(app);
        }
        state["kind"] = record_->kind;
        state["finished"] = std::move(finished);
    }
    WithoutSync steps;
    const auto written = write_file_atomically(parts_.state, state.dump(), state_mode, steps);
    if (!written) spdlog::warn("{}", written.error().message);
}

bool Transitions::resume() {
    const auto text = read_file(parts_.state, largest_state);
    if (!text) return false;
    const json state = json::parse(*text, nullptr, false);
    if (!state.is_object()) {
        spdlog::warn("cannot use {}: it is damaged; a boot that went on is forgotten",
                     parts_.state);
        return false;
    }
    try {
        group_ = state.value("group", default_group);
        is_down_ = state.value("is_down", false);
        if (is_down_) parts_.supervisor.close();
        const std::string kind = state.value("kind", "");
        if (kind.empty()) return !is_down_ || !state.value("is_ended", false);
        finished_ = state.value("finished", std::set<std::string>());
        spdlog::info("going on with the {} that an earlier comard has begun", kind);
        const auto nobody = [](const auto&) {};
        if (kind == "shutdown") {
            shut_down(nobody);
        } else if (kind == "switch") {
            switch_to(group_, nobody);
        } else {
            BootOptions options = kernel_options();
            options.group = group_;
            boot(options, nobody);
        }
        return true;
    } catch (const json::exception& wrong) {
        spdlog::warn("cannot use {}: {}", parts_.state, wrong.what());
        return false;
    }
}

}  // namespace comar
