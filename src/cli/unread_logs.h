// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <set>
#include <string>

#include "core/result.h"

namespace comar::cli {

/// Files of logs that could not be read, or not to their end. What can be read is shown all the
/// same: one file that is damaged says nothing about the others.
class UnreadLogs {
public:
    using Tell = std::function<void(const Error& why)>;

    /// `tell` is called once for each file; empty: nobody wants to know.
    explicit UnreadLogs(Tell tell = {}) : tell_(std::move(tell)) {}

    void add(const std::string& path, const Error& why) {
        if (paths_.insert(path).second && tell_) tell_(why);
    }
    [[nodiscard]] bool empty() const { return paths_.empty(); }

private:
    Tell tell_;
    std::set<std::string> paths_;
};

}  // namespace comar::cli
