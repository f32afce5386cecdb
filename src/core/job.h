// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace comar {

/// Names a job or a call for as long as comard lives; never used twice.
enum class Ticket : std::uint64_t {};

/// Hands out tickets.
class TicketCounter {
public:
    [[nodiscard]] Ticket next() { return Ticket{++last_}; }

private:
    std::uint64_t last_ = 0;
};

/// One wanted change of one service.
enum class JobKind { start, stop, restart, reload, ready };

inline constexpr std::array all_job_kinds{JobKind::start, JobKind::stop, JobKind::restart,
                                          JobKind::reload, JobKind::ready};

/// "start", "stop", …: also the name of the script's method, but for restart, which is two.
[[nodiscard]] std::string_view to_string(JobKind kind);
[[nodiscard]] std::optional<JobKind> parse_job_kind(std::string_view word);

/// The one job that gives what two waiting ones want, if there is one. Commutative and
/// associative, so the order in which requests arrive does not matter.
[[nodiscard]] std::optional<JobKind> merged(JobKind one, JobKind other);

/// Whether a job that runs already gives a new request what it wants. A running reload or restart
/// does not: it may have read its settings before they were edited.
[[nodiscard]] bool satisfies(JobKind running, JobKind wanted);

}  // namespace comar
