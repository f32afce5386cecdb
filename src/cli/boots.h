// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/boot_record.h"
#include "cli/exit_code.h"
#include "cli/session.h"

namespace comar::cli {

/// The place in `ids`, oldest first, that a user means: 0 is the last and 1 or -1 the one before,
/// anything else is an id or its beginning. not_found, or invalid where several begin like that.
[[nodiscard]] Result<std::size_t> choose_boot(const std::vector<std::string>& ids,
                                              std::string_view wanted);

/// The boots that comard keeps. Each record is fetched when it is asked for, and only once. Where
/// an answer is missing, the user has been told why, and code() is what to end with.
class Boots {
public:
    explicit Boots(Session& session) : session_(session) {}

    /// False: comard did not tell, or keeps none.
    [[nodiscard]] bool list();
    [[nodiscard]] std::size_t size() const { return ids_.size(); }

    [[nodiscard]] std::optional<std::size_t> choose(std::string_view wanted);
    /// The last real boot; where there is none, the last switch or shutdown.
    [[nodiscard]] std::optional<std::size_t> last();
    /// The last one before `at` of the same kind and group: any other cannot be compared well.
    [[nodiscard]] std::optional<std::size_t> last_like(std::size_t at);

    [[nodiscard]] const BootRecord* record(std::size_t at);
    /// The record as it came; after record().
    [[nodiscard]] const std::string& text(std::size_t at) const { return kept_[at].text; }

    [[nodiscard]] ExitCode code() const { return code_; }

private:
    struct Kept {
        std::string text;
        std::optional<BootRecord> record;
    };

    void fail(std::string_view doing, const CallFailure& failure);
    void fail(const Error& error);

    Session& session_;
    std::vector<std::string> ids_;
    std::vector<Kept> kept_;  ///< by the place in ids_
    ExitCode code_ = ExitCode::ok;
};

}  // namespace comar::cli
