// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/result.h"
#include "daemon/boot_record.h"
#include "daemon/state_journal.h"
#include "loop/loop.h"

namespace comar {

/// What of boots, switches and shutdowns outlives comard.
struct TransitionState {
    std::string group;
    bool is_down = false;   ///< all was stopped, and nothing is to start but by boot or a switch
    bool is_ended = false;  ///< comard has ended in order, and not in the middle of anything
    /// The one that goes on, with the services that it is through with.
    std::optional<BootRecord> record;
    TimePoint began;                  ///< of that one
    std::set<std::string> left_down;  ///< who was stopped meanwhile, and stays down
};

/// Keeps that in two files, in memory: one says what goes on, and is rewritten; to the other each
/// service is appended when its turn is over.
class TransitionJournal {
public:
    struct Files {
        std::string state;
        std::string course;
    };

    explicit TransitionJournal(Files files) : files_(std::move(files)) {}

    /// Another one begins: no service has had its turn.
    void begin();
    /// Without the services of the record.
    void save(const TransitionState& state) const;
    void add(const std::string& app, const BootRecord::Service& service);
    /// It is over.
    void end();

    /// not_found: nothing was written since the machine has started. Invalid: it cannot be used.
    Result<TransitionState> load();

private:
    Files files_;
    std::optional<StateJournal> course_;
};

}  // namespace comar
