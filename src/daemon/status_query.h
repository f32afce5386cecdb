// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/calls.h"
#include "daemon/script_bridge.h"

namespace comar {

/// Asks the status() of many scripts: several in one worker, in two workers at once. A script that
/// crashes or hangs takes its worker with it; it is asked again alone, and the rest goes on in
/// another one.
class StatusQuery : public std::enable_shared_from_this<StatusQuery> {
public:
    struct Answer {
        std::optional<bool> running;  ///< empty: status() failed
        std::string description;      ///< in the caller's language; empty when not known
    };
    using Answers = std::map<std::string, Answer>;
    using Done = std::function<void(Answers)>;

    /// Calls and bridge outlive the query; `by` tells who asks.
    static void ask(Calls& calls, const ScriptBridge& bridge, const CallRequest& by,
                    std::vector<std::string> apps, Done done);

    StatusQuery(Calls& calls, const ScriptBridge& bridge, CallRequest by, Done done)
        : calls_(calls), bridge_(bridge), by_(std::move(by)), done_(std::move(done)) {}

private:
    struct Batch {
        std::vector<std::string> apps;
        std::size_t answered = 0;  ///< items come in order
        bool last_try = false;     ///< what does not answer now is not asked again
    };

    void run(std::vector<std::string> apps, bool last_try = false);
    void on_item(Batch& batch, const nlohmann::json& item);
    void on_end(const Batch& batch, const CallReply& reply);
    void batch_over();

    Calls& calls_;
    const ScriptBridge& bridge_;
    CallRequest by_;
    Done done_;
    Answers answers_;
    std::size_t open_ = 0;
};

}  // namespace comar
