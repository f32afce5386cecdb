// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "daemon/worker_pool.h"
#include "loop/io_watch.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "os/process.h"
#include "script/frame_channel.h"

namespace comar {

/// Why a call failed, as D-Bus tells it: the error's name without the common prefix, and a text.
struct CallError {
    std::string name;
    std::string message;
    std::string reported = {};  ///< what the worker has printed of it for the log
};

/// What a call gives back. `value` is encoded as docs/protocol.md has it.
using CallReply = tl::expected<nlohmann::json, CallError>;

[[nodiscard]] inline CallReply error_reply(std::string name, std::string message) {
    return tl::unexpected(CallError{std::move(name), std::move(message)});
}

/// The conversation with the worker of one call, and its end, whichever way it comes: an answer, a
/// crash, too much memory, or the end of its time, when the worker is killed with all that it runs
/// in the foreground.
class RunningCall {
public:
    struct Events {
        /// A message other than the last one.
        std::function<void(const nlohmann::json&)> message;
        /// The answer is known. Called once; the worker may live a moment longer.
        std::function<void(CallReply, std::vector<ProcessId> left)> answered;
        /// The worker has ended, or serves another call. Called once, after `answered`; the object
        /// may be destroyed.
        std::function<void()> gone;
    };

    RunningCall(Loop& loop, WorkerPool& pool, Worker worker, std::string name,
                std::chrono::milliseconds limit, Events events);
    RunningCall(const RunningCall&) = delete;
    RunningCall& operator=(const RunningCall&) = delete;
    ~RunningCall();

    /// Starts the conversation. A failure arrives as an answer.
    void begin(const nlohmann::json& request);
    void send(const nlohmann::json& message);

    /// While the script waits for comard, its time stands still.
    void pause_clock();
    void resume_clock();
    /// It proved to be alive: its time starts again.
    void restart_clock();

    /// A process that the call has started and that stays when the call is ended by force.
    void keep(const ProcessId& detached) { kept_.push_back(detached); }

    /// Ends the call by force, with this error.
    void end(CallError error);

    [[nodiscard]] const ProcessId& worker() const { return worker_; }
    /// The worker ended without an answer of its own, so nobody told what it left behind.
    [[nodiscard]] bool crashed() const { return crashed_; }
    std::optional<UniqueFd> take_fd() { return channel_.take_fd(); }

private:
    void on_io(std::uint32_t events);
    void on_message(const nlohmann::json& message);
    void on_exit(ExitStatus status);
    void on_timer();
    void check_memory();
    void answer(CallReply reply, std::vector<ProcessId> left);
    void give_back();
    void lost_connection();
    void kill_round();
    [[nodiscard]] bool kill_descendants() const;
    void kill_worker() const;
    void update_watch();

    enum class Phase { running, answered, killing, gone };

    Loop& loop_;
    WorkerPool& pool_;
    ProcessId worker_;
    FrameChannel channel_;
    std::string name_;  ///< "start of nginx", for messages
    std::chrono::milliseconds limit_;
    std::chrono::milliseconds left_;
    std::optional<TimePoint> clock_since_;
    Events events_;
    std::optional<IoWatch> watch_;
    Timer timer_;
    Timer memory_timer_;
    Phase phase_ = Phase::running;
    bool replied_ = false;
    bool crashed_ = false;
    int kill_rounds_ = 0;
    bool worker_killed_ = false;
    CallError end_error_;
    std::vector<ProcessId> kept_;
};

}  // namespace comar
