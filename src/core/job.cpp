// SPDX-License-Identifier: MIT
#include "core/job.h"

#include <cstddef>

namespace comar {
namespace {

constexpr std::array<std::string_view, all_job_kinds.size()> names{"start", "stop", "restart",
                                                                   "reload", "ready"};
static_assert(names[static_cast<std::size_t>(JobKind::ready)] == "ready");

bool ends_started(JobKind kind) { return kind == JobKind::start || kind == JobKind::restart; }

}  // namespace

std::string_view to_string(JobKind kind) { return names[static_cast<std::size_t>(kind)]; }

std::optional<JobKind> parse_job_kind(std::string_view word) {
    for (const JobKind kind : all_job_kinds) {
        if (to_string(kind) == word) return kind;
    }
    return std::nullopt;
}

std::optional<JobKind> merged(JobKind one, JobKind other) {
    if (one == other) return one;
    if (ends_started(one) && ends_started(other)) return JobKind::restart;
    return std::nullopt;
}

bool satisfies(JobKind running, JobKind wanted) {
    switch (wanted) {
        case JobKind::start:
            return ends_started(running);
        case JobKind::stop:
        case JobKind::ready:
            return running == wanted;
        case JobKind::restart:
        case JobKind::reload:
            return false;
    }
    return false;
}

}  // namespace comar
