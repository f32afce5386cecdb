// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>

#include "core/result.h"
#include "loop/loop.h"
#include "loop/timer.h"

namespace comar {

/// What earlier starts have taught, for the next plan: how long each took, and which services its
/// script has really asked for. Outlives the machine's boots.
class StartMemory {
public:
    /// Loop outlives it.
    StartMemory(Loop& loop, std::string path);

    /// What is there; a file that cannot be used is told, and counts as none.
    Result<> load();

    /// Until it was ready. The last ones count most.
    void took(const std::string& app, std::chrono::milliseconds time);
    /// Its start() or ready() has asked for the start of `other`. What is new is written at once,
    /// unless much is new: a comard that is killed should not have to learn it again.
    void asked(const std::string& app, const std::string& other);
    /// Nothing but these counts any more. False: nothing else was known.
    bool asked_only(const std::string& app, const std::set<std::string>& others);
    void forget(const std::string& app);

    /// None known: zero.
    [[nodiscard]] std::chrono::milliseconds expected(const std::string& app) const;
    [[nodiscard]] const std::set<std::string>& asked_by(const std::string& app) const;

    /// Writes what is new; also done by itself, a while after it was learned.
    Result<> save();

private:
    struct Known {
        std::chrono::milliseconds time{0};
        std::set<std::string> asked;
    };

    Known* known(const std::string& app);
    void changed();
    void save_now();

    Loop& loop_;
    std::string path_;
    Timer later_;
    TimePoint saved_at_ = TimePoint::min();
    bool unsaved_ = false;
    std::map<std::string, Known> services_;
};

}  // namespace comar
