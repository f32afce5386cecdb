// SPDX-License-Identifier: MIT
// What another comard is to know of a service: it is written for each change, and read at the
// start.
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "core/fault_point.h"
#include "daemon/json_text.h"
#include "daemon/service.h"
#include "os/proc_scan.h"
#include "os/wall_clock.h"

namespace comar {
namespace {

using nlohmann::json;

std::string text_of(const ProcessId& id) {
    return "[" + std::to_string(id.pid) + "," + std::to_string(id.start_time) + "]";
}

std::string text_of(const std::vector<ProcessId>& ids) {
    std::string list;
    for (const ProcessId& id : ids) list += (list.empty() ? "[" : ",") + text_of(id);
    return list + "]";
}

std::optional<ProcessId> read_process(const json& value) {
    if (!value.is_array() || value.size() != 2 || !value[0].is_number_integer() ||
        !value[1].is_number_unsigned()) {
        return std::nullopt;
    }
    return ProcessId{value[0].get<pid_t>(), value[1].get<std::uint64_t>()};
}

bool is_script_host(pid_t pid) {
    const auto program = read_executable(pid);
    return program && program->path.find("/comar-script-host") != std::string::npos;
}

}  // namespace

void Service::restore(const json& state) {
    const auto saved =
        parse_service_state(state.value("state", "unknown")).value_or(ServiceState::unknown);
    supervision_ = Supervision(saved);
    since_ = state.value("since", std::uint64_t{0});
    last_error_ = state.value("last_error", "");
    if (supervision_.state() != saved) {
        const char* job = saved == ServiceState::stopping ? "stop" : "start";
        last_error_ = std::string("cannot tell how its ") + job + " ended: comard ended before it";
    }
    last_exit_ = {state.value("exit_code", -1), state.value("exit_signal", 0)};
    main_ = read_process(state.value("main", json()));
    wanted_ = state.value("wanted", false);
    cause_ = state.value("cause", "");
    restore_restarts(state);
    if (state.contains("watchdog_usec")) {
        watchdog_usec_ = state["watchdog_usec"].get<std::uint64_t>();
    }
    waits_for_ = state.value("waits_for", std::set<std::string>());
    EffectiveSettings settings;
    settings.values = state.value("settings", json::object());
    if (auto parsed = parse_service_settings(settings.values)) settings.supervision = *parsed;
    use_settings(std::move(settings), state.value("stamp", ""));
    const std::uint64_t now = wall_clock();
    running_from_ =
        context_.loop.now() - std::chrono::microseconds(now > since_ ? now - since_ : 0);
    for (const json& one : state.value("workers", json::array())) {
        if (const auto worker = read_process(one)) processes_.expel(*worker);
    }
    restore_processes(state);
    find_unfinished(saved);
    const bool was_cut_short = wanted_ && saved == ServiceState::starting && !unfinished_;
    if (was_cut_short && !processes_.alive()) {
        context_.ended(app_, false, std::chrono::milliseconds{0});
    }
}

void Service::restore_restarts(const json& state) {
    owed_ = state.value("owed", "");
    restarts_.count = state.value("restarts", 0U);
    restarts_.in_a_row = state.value("restarts_in_a_row", 0U);
    restarts_.recent = state.value("recent_restarts", std::vector<std::uint64_t>());
    restarts_.due = state.value("restart_due", std::uint64_t{0});
}

void Service::find_unfinished(ServiceState saved) {
    const bool alive = processes_.alive();
    const bool was_stopping = saved == ServiceState::stopping;
    if (!owed_.empty()) {
        // Who runs, and was not to be stopped for it, has been started by somebody else.
        if (alive && !was_stopping) return owe_nothing();
        unfinished_ = {alive ? JobKind::restart : JobKind::start, owed_};
    } else if (was_stopping && !wanted_ && alive) {
        unfinished_ = {JobKind::stop, cause_};
    }
}

void Service::restore_processes(const json& state) {
    const std::string cgroup = state.value("cgroup", "");
    if (const auto slash = cgroup.rfind('/'); slash != std::string::npos) {
        use_cgroup(cgroup.substr(0, slash));
    }
    for (const json& one : state.value("processes", json::array())) {
        if (const auto id = read_process(one)) processes_.adopt(*id);
    }
    const bool was_waiting = state.value("awaits_ready", false);
    if (was_waiting && processes_.alive()) {
        is_half_started_ = awaits_ready_ = true;
    } else if (processes_.alive()) {
        // What a stop() has left alive on purpose does not make it run.
        if (supervision_.state() != ServiceState::stopped) find_alive();
    } else {
        miss_end();
    }
    changed();
}

void Service::find_alive() {
    was_found_ = true;
    feed(FoundAlive{});
}

/// It has ended while nobody looked; nobody knows how, and the end before that is not it. Who stays
/// down for that is to be seen.
void Service::miss_end() {
    if (running().value_or(false)) {
        last_exit_ = LastExit{};
        if (wanted_ && last_error_.empty()) {
            last_error_ = "it has ended while comard was away; nobody saw how";
        }
    }
    feed(Emptied{!wanted_});
}

void Service::rebuild(const std::string& cgroup_parent) {
    use_cgroup(cgroup_parent);
    if (!processes_.alive()) return;
    // Somebody has started it and nobody has stopped it, or there would be no process.
    wanted_ = true;
    cause_ = "found running by a comard that knew nothing of it";
    find_alive();
}

/// Takes up a cgroup that an earlier comard has made.
void Service::use_cgroup(const std::string& cgroup_parent) {
    if (auto used = processes_.use_cgroup(cgroup_parent, app_); !used) {
        spdlog::warn("{}: {}, going on without", app_, used.error().message);
        return;
    }
    for (const ProcessId& id : processes_.all()) {
        if (is_script_host(id.pid)) processes_.expel(id);
    }
}

void Service::hand_on() {
    if (methods_.empty() && owed_.empty()) return;
    if (unsaved_) save();
    is_handed_on_ = true;
}

void Service::save() {
    unsaved_ = false;
    if (forgotten_ || is_handed_on_) return;
    fault_point("state", "unsaved");
    if (auto written = context_.journal.put(app_, snapshot()); !written) {
        spdlog::warn("{}: {}, a restart of comard may not know this service", app_,
                     written.error().message);
    }
}

/// What restore() takes for granted is left out: this is written twice for each start and stop.
std::string Service::snapshot() const {
    JsonText saved;
    saved.add("state", to_string(awaits_ready_ ? ServiceState::starting : state()));
    saved.add("since", since_);
    saved.add("wanted", wanted_);
    const auto add_list = [&saved](std::string_view key, const std::vector<ProcessId>& ids) {
        if (!ids.empty()) saved.add_json(key, text_of(ids));
    };
    if (main_) saved.add_json("main", text_of(*main_));
    add_list("workers", workers_);
    add_list("processes", processes_.adopted());
    const auto add_text = [&saved](std::string_view key, const std::string& text) {
        if (!text.empty()) saved.add(key, text);
    };
    add_text("cause", cause_);
    add_text("stamp", stamp_);
    add_text("last_error", last_error_);
    add_text("cgroup", processes_.cgroup_path());
    const auto add_json = [&saved](std::string_view key, const json& value) {
        if (value.empty()) return;
        saved.add_json(key, value.dump(-1, ' ', false, json::error_handler_t::replace));
    };
    add_json("waits_for", waits_for_);
    add_json("settings", settings_->values);
    if (last_exit_.code != LastExit().code) saved.add("exit_code", std::int64_t{last_exit_.code});
    if (last_exit_.signal != 0) saved.add("exit_signal", std::int64_t{last_exit_.signal});
    add_text("owed", owed_);
    if (restarts_.count > 0) saved.add("restarts", std::uint64_t{restarts_.count});
    if (restarts_.in_a_row > 0) {
        saved.add("restarts_in_a_row", std::uint64_t{restarts_.in_a_row});
    }
    if (!restarts_.recent.empty()) add_json("recent_restarts", restarts_.recent);
    if (restarts_.due > 0) saved.add("restart_due", restarts_.due);
    if (awaits_ready_) saved.add("awaits_ready", true);
    if (watchdog_usec_) saved.add("watchdog_usec", *watchdog_usec_);
    return std::move(saved).text();
}

std::optional<Cgroup> Service::forget() {
    forgotten_ = true;
    if (auto written = context_.journal.remove(app_); !written) {
        spdlog::warn("{}: {}", app_, written.error().message);
    }
    return processes_.release();
}

}  // namespace comar
