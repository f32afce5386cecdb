// SPDX-License-Identifier: MIT
#include "core/startup_state.h"

#include <cstddef>

namespace comar {
namespace {

struct Row {
    StartUp state;
    std::string_view word;
    std::string_view folder;
    std::string_view when_running;
    std::string_view when_not_running;
};

constexpr std::array<Row, all_start_ups.size()> rows{{
    {StartUp::on, "on", "enabled", "on", "stopped"},
    {StartUp::off, "off", "disabled", "started", "off"},
    {StartUp::conditional, "conditional", "conditional", "conditional_started",
     "conditional_stopped"},
}};

constexpr const Row& row_of(StartUp state) { return rows[static_cast<std::size_t>(state)]; }

static_assert(row_of(StartUp::on).state == StartUp::on);
static_assert(row_of(StartUp::off).state == StartUp::off);
static_assert(row_of(StartUp::conditional).state == StartUp::conditional);

}  // namespace

std::string_view to_string(StartUp state) { return row_of(state).word; }

std::optional<StartUp> parse_start_up(std::string_view word) {
    for (const Row& row : rows) {
        if (row.word == word) return row.state;
    }
    return std::nullopt;
}

std::string_view folder_of(StartUp state) { return row_of(state).folder; }

std::string_view reported_state(StartUp state, std::optional<bool> running) {
    const Row& row = row_of(state);
    if (!running) return row.word;
    return *running ? row.when_running : row.when_not_running;
}

}  // namespace comar
