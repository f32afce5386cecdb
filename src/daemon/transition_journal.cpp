// SPDX-License-Identifier: MIT
#include "daemon/transition_journal.h"

#include <chrono>
#include <utility>

#include <spdlog/spdlog.h>
#include <unistd.h>

#include "daemon/json_text.h"
#include "os/atomic_file.h"
#include "os/read_file.h"

namespace comar {
namespace {

using nlohmann::json;

constexpr std::size_t largest_state = std::size_t{4} << 20;
constexpr mode_t state_mode = 0644;

/// One that cannot be read has not had its turn.
void take(BootRecord& record, const std::string& app, const json& service) {
    try {
        record.services[app] = boot_service_of(service);
    } catch (const json::exception& wrong) {
        spdlog::warn("cannot use what is known of the start of {}: {}", app, wrong.what());
        record.services.erase(app);
    }
}

}  // namespace

void TransitionJournal::begin() {
    (void)::unlink(files_.course.c_str());
    course_.emplace(files_.course);
}

void TransitionJournal::save(const TransitionState& state) const {
    json saved{{"group", state.group}, {"is_down", state.is_down}, {"is_ended", state.is_ended}};
    if (state.record) {
        BootRecord header = *state.record;
        header.services.clear();
        saved["record"] = to_json(header);
        saved["began"] = state.began.time_since_epoch().count();
        saved["left_down"] = state.left_down;
    }
    WithoutSync steps;
    const auto written = write_file_atomically(files_.state, to_text(saved), state_mode, steps);
    if (!written) spdlog::warn("{}", written.error().message);
}

void TransitionJournal::add(const std::string& app, const BootRecord::Service& service) {
    if (!course_) return;
    // As to_json() has it; but this is written twice for each service of a boot.
    JsonText text;
    text.add("method", service.method);
    text.add("after", service.after);
    text.add("began", service.began);
    text.add("returned", service.returned);
    text.add("ended", service.ended);
    text.add("fate", service.fate);
    text.add("error", service.error);
    if (auto written = course_->put(app, std::move(text).text()); !written) {
        spdlog::warn("{}", written.error().message);
    }
}

void TransitionJournal::end() {
    course_.reset();
    (void)::unlink(files_.course.c_str());
}

Result<TransitionState> TransitionJournal::load() {
    const auto text = read_file(files_.state, largest_state);
    if (!text) return Failure(text.error());
    const json saved = json::parse(*text, nullptr, false);
    if (!saved.is_object()) return failure(ErrorKind::invalid, files_.state + " is damaged");
    try {
        TransitionState state;
        state.group = saved.value("group", "");
        state.is_down = saved.value("is_down", false);
        state.is_ended = saved.value("is_ended", false);
        if (saved.contains("kind")) {
            return failure(ErrorKind::invalid,
                           "cannot use " + files_.state + ": another version of comard wrote it");
        }
        if (!saved.contains("record")) return state;
        state.record = boot_record_of(saved.at("record"));
        state.began = TimePoint(TimePoint::duration(saved.at("began").get<std::int64_t>()));
        state.left_down = saved.at("left_down").get<std::set<std::string>>();
        course_.emplace(files_.course);
        // Without it, what runs already is found to run, and the rest is begun again.
        const auto course = course_->load();
        if (!course) spdlog::warn("{}", course.error().message);
        for (const auto& [app, service] : course.value_or(StateJournal::States{})) {
            take(*state.record, app, service);
        }
        return state;
    } catch (const json::exception& wrong) {
        return failure(ErrorKind::invalid, "cannot use " + files_.state + ": " + wrong.what());
    }
}

}  // namespace comar
