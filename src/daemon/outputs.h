// SPDX-License-Identifier: MIT
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "loop/io_watch.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "os/unique_fd.h"
#include "output/intake.h"
#include "output/line_stamper.h"
#include "output/log_folder.h"
#include "output/recent_lines.h"
#include "output/target.h"

namespace comar {

/// What services print: reads their FIFOs and the pipes that they keep open, and passes it on line
/// by line to where each wants it (docs/architecture.md, "Output").
class Outputs {
public:
    struct Streams {
        std::string out;  ///< FIFO for stdout
        std::string err;  ///< FIFO for stderr
    };
    struct Options {
        std::string root;
        std::string fifo_folder;
        OutputTarget target = OutputTarget::file;
    };

    Outputs(Loop& loop, Options options, LogFolder& logs);
    Outputs(const Outputs&) = delete;
    Outputs& operator=(const Outputs&) = delete;
    /// Tries once more with lines that the journal or syslog had no room for.
    ~Outputs();

    /// Goes on where an earlier comard has stopped: with the FIFOs that are there, and with what it
    /// had read from one and had not written when it was killed.
    void restore();

    /// Makes the FIFOs of a service where they are missing, and reads them from here on.
    Result<Streams> open(const std::string& app);

    /// Reads `pipe` into the log of the service until its writers are gone.
    Result<> follow(const std::string& app, const std::string& stream, UniqueFd pipe);

    /// Where the lines of a service go from now on; none: where the settings say.
    void set_target(const std::string& app, std::optional<OutputTarget> target);

    /// Reads what is in the FIFOs and pipes of a service by now.
    void drain(const std::string& app);

    /// Its processes have ended: what they have printed last is a line, with a newline or without.
    void end_lines(const std::string& app);

    /// The last lines that the service has printed to this comard, oldest first, without stamps;
    /// RecentLines::max_lines at most. For all of them: drain() first.
    [[nodiscard]] std::vector<std::string> last_lines(const std::string& app,
                                                      std::size_t count) const;

    /// How many of its lines no log has taken, since this comard runs or its target was changed.
    [[nodiscard]] std::uint64_t lost_lines(const std::string& app) const;

    /// It is started: what it has printed before says nothing of that.
    void begin_anew(const std::string& app);

    /// The service is not registered any more: reads what is left, and removes its FIFOs.
    void close(const std::string& app);

    [[nodiscard]] std::string log_path(const std::string& app) const { return logs_.path_of(app); }

private:
    struct Source {
        Stream stream = Stream::out;
        UniqueFd fd;
        bool is_fifo = false;  ///< which has no end; else a pipe
        LineStamper lines;
        std::optional<IoWatch> watch;
        bool is_large = false;
    };
    struct Service {
        std::unique_ptr<LogSink> sink;
        RecentLines recent;
        std::list<Source> sources;
        bool complained = false;
    };

    [[nodiscard]] std::string fifo_path(const std::string& app, Stream stream) const;
    [[nodiscard]] Streams paths_of(const std::string& app) const;
    /// Where the beginning of a line is kept whose end is still to come.
    [[nodiscard]] std::string rest_path(const std::string& app, Stream stream) const;
    [[nodiscard]] OutputTarget target_of(const std::string& app) const;
    [[nodiscard]] std::size_t batch_limit(const std::string& app) const;
    void make_service(const std::string& app);
    Result<> add_source(const std::string& app, Source added);
    void read(const std::string& app, Source& source);
    bool take(const std::string& app, Service& service, Source& source);
    void pass_on(const std::string& app, Service& service, Source& source, std::string_view data,
                 WallTime now);
    void finish(Service& service, Source& source);
    void drain(const std::string& app, Service& service);
    void write(Service& service, WallTime now);
    void note_result(Service& service, const Result<>& written);
    void send_waiting();
    static void part_from(Service& service);
    void take_up(const Intake::Batch& batch);

    Loop& loop_;
    Options options_;
    LogFolder& logs_;
    Intake intake_;
    StampWriter stamps_;
    std::string lines_;  ///< of the batch in hand; kept for its memory
    std::map<std::string, Service> services_;
    std::map<std::string, OutputTarget> targets_;
    Timer retry_;
};

}  // namespace comar
