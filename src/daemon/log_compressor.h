// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "loop/child_watch.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "os/process.h"
#include "os/spawn.h"
#include "output/log_folder.h"

namespace comar {

/// Compresses old logs, one after the other, in a child of low priority: comard has no threads, and
/// does not wait. The child reads one file and writes another, and knows neither their names nor
/// what becomes of them.
class LogCompressor {
public:
    /// `program` is comar-log-compress.
    LogCompressor(Loop& loop, ChildWatch& children, LogFolder& logs, std::string program);
    LogCompressor(const LogCompressor&) = delete;
    LogCompressor& operator=(const LogCompressor&) = delete;
    /// Ends the child; its log stays as it was.
    ~LogCompressor();

    /// Takes care of the logs that are there, after LogFolder::load().
    void start();

    /// The child, if there is one.
    [[nodiscard]] std::vector<ProcessId> processes() const;

private:
    struct Waiting {
        PlainLog log;
        TimePoint due;
    };
    struct Running {
        PlainLog log;
        std::string unfinished;
        Child child;
    };

    void add(const PlainLog& log);
    void next();
    Result<Running> run(const PlainLog& log, const std::string& path);
    void ended(const ReapedChild& child);

    Loop& loop_;
    ChildWatch& children_;
    LogFolder& logs_;
    std::string program_;
    std::deque<Waiting> waiting_;
    std::optional<Running> running_;
    bool complained_ = false;
    Timer timer_;
};

}  // namespace comar
